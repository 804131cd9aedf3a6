import { MessageWriter } from '../../build/protocol/message-writer.js'
import type { RecordEncoder } from '../../build/types/generated-record-encoder.js'
import { encodeParameters, ParameterEncoder } from '../../build/types/parameters.js'
import {
  encodeBinaryField,
  interpretRecord,
  recordEncoder,
} from '../../build/types/record-encoder.js'
import { TypeMap } from '../../build/types/type-map.js'
import type { MicroCase } from './micro-case.js'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const ROW: readonly unknown[] = [10, 11, 10, 'TESTTESTTEST', 10.333, 12_341_234, '123412341234']
const OBJECT = Object.fromEntries(NAMES.map((name, i) => [name, ROW[i]]))
const CODECS = ['int4', 'int4', 'int4', 'text', 'float8', 'int4', 'text'].map((type) => {
  const codec = TypeMap.builtin.find(type)
  if (codec === undefined) throw new Error(`no codec for ${type}`)
  return codec
})

const ROWS = 200

/** The row of the drivers' COPY and batch: seven values to binary. */
export function recordCases(): MicroCase[] {
  const parameters = new ParameterEncoder(CODECS)
  return [
    recordCase('arrays', ROW, recordEncoder(CODECS, undefined)),
    recordCase('objects', OBJECT, recordEncoder(CODECS, NAMES)),
    recordCase(
      'arrays, interpreted',
      ROW,
      interpretRecord(
        NAMES.map((_, i) => ({ layout: undefined, key: i })),
        2,
      ),
    ),
    microCase('parameters', (out) => parameters.encode(ROW, out)),
    microCase('parameters, once', (out) => encodeParameters(CODECS, ROW, out)),
  ]
}

function recordCase(name: string, row: object, encode: RecordEncoder): MicroCase {
  const encodeField = (value: unknown, column: number, out: MessageWriter): true => {
    encodeBinaryField(CODECS[column] as (typeof CODECS)[number], value, out)
    return true
  }
  return microCase(name, (out) => encode(row, out, encodeField))
}

function microCase(name: string, write: (out: MessageWriter) => unknown): MicroCase {
  const out = new MessageWriter()
  return {
    name,
    unit: 'row',
    operations: ROWS,
    run() {
      for (let i = 0; i < ROWS; i++) write(out)
      out.rewind(0)
    },
  }
}
