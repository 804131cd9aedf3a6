import { MessageWriter } from '../../build/protocol/message-writer.js'
import { Backend } from '../../build/protocol/messages.js'
import type { ResultColumn } from '../../build/types/row-decoder.js'
import { TypeMap } from '../../build/types/type-map.js'

/** Columns of a wide table and a value of each. */
const SAMPLE: readonly (readonly [name: string, type: string, value: unknown])[] = [
  ['id', 'int4', 123_456],
  ['big', 'int8', 1_700_000_000_000],
  ['ratio', 'float8', 0.142857],
  ['name', 'text', 'a name of some length 42'],
  ['note', 'text', null],
  ['flag', 'bool', true],
  ['made', 'timestamptz', new Date('2024-05-06T07:08:09.123Z')],
  ['amount', 'numeric', '1234.5678'],
  ['key', 'uuid', '01234567-89ab-cdef-0123-456789abcdef'],
  ['doc', 'jsonb', { id: 1, tags: ['a', 'b'] }],
]

const EVERY_NAME = SAMPLE.map(([name]) => name)

/** The columns of {@link sampleChunk}, or some of them. */
export function sampleColumns(names: readonly string[] = EVERY_NAME): ResultColumn[] {
  return chosen(names).map(([name, type]) => {
    const codec = TypeMap.builtin.find(type)
    if (codec === undefined) throw new Error(`no codec for ${type}`)
    return { name, codec, format: 1 }
  })
}

/** The body of a DataRow with the values of these columns. */
export function sampleRow(names: readonly string[] = EVERY_NAME): Buffer {
  const out = new MessageWriter()
  writeRow(names, out)
  return out.take()
}

/** What a socket gives: DataRow messages, one behind the other. */
export function sampleChunk(rows: number): Buffer {
  const out = new MessageWriter()
  for (let i = 0; i < rows; i++) {
    out.begin(Backend.DataRow)
    writeRow(EVERY_NAME, out)
    out.finish()
  }
  return out.take()
}

function chosen(names: readonly string[]): typeof SAMPLE {
  return SAMPLE.filter(([name]) => names.includes(name))
}

function writeRow(names: readonly string[], out: MessageWriter): void {
  const columns = sampleColumns(names)
  out.uint16(columns.length)
  for (const [index, [, , value]] of chosen(names).entries()) {
    if (value === null) {
      out.int32(-1)
      continue
    }
    const position = out.beginValue()
    columns[index]?.codec.encodeBinary?.(value, out)
    out.endValue(position)
  }
}
