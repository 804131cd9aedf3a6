import type { MessageWriter } from '../protocol/message-writer.js'
import type { TraitedCodec } from './codec-traits.js'
import { canGenerateCode } from './generated-code.js'
import {
  generateRecordEncoder,
  type RecordEncoder,
  type RecordField,
} from './generated-record-encoder.js'

/** Beyond this a generated function is too long for the compiler to optimise. */
const MAX_GENERATED_COLUMNS = 200

/** So many encoders are kept, since a new one is slow until the compiler has seen enough of it. */
const MAX_KEPT = 200

const kept = new Map<string, RecordEncoder>()

/**
 * Makes the encoder of records in binary: the rows of a COPY, the parameters of a Bind. What is no value
 * of the simplest kind it leaves to the `encodeField` of the call, whose errors it passes on.
 *
 * @param names where the values are in an object; undefined for arrays, which must have a value for each codec
 */
export function recordEncoder(
  codecs: readonly TraitedCodec[],
  names: readonly string[] | undefined,
): RecordEncoder {
  const fields = codecs.map(({ layout }, i) => ({
    layout,
    key: names === undefined ? i : names[i],
  }))
  return encoderOf(fields as readonly RecordField[], 2)
}

/** As {@link recordEncoder}, for a value of a composite type. */
export function compositeEncoder(fields: readonly RecordField[]): RecordEncoder {
  return encoderOf(fields, 4)
}

function encoderOf(fields: readonly RecordField[], countBytes: 2 | 4): RecordEncoder {
  const isGenerated = fields.length <= MAX_GENERATED_COLUMNS && canGenerateCode()
  if (!isGenerated) return interpretRecord(fields, countBytes)
  const key = JSON.stringify([countBytes, fields])
  let encoder = kept.get(key)
  if (encoder === undefined) {
    if (kept.size >= MAX_KEPT) kept.clear()
    encoder = generateRecordEncoder(fields, countBytes)
    kept.set(key, encoder)
  }
  return encoder
}

/** As {@link recordEncoder} and {@link compositeEncoder}, without making code. */
export function interpretRecord(fields: readonly RecordField[], countBytes: 2 | 4): RecordEncoder {
  return (values, out, encodeField) => {
    if (countBytes === 2) out.int16(fields.length)
    else out.int32(fields.length)
    for (let i = 0; i < fields.length; i++) {
      const { key, typeOid } = fields[i] as RecordField
      if (typeOid !== undefined) out.int32(typeOid)
      const value = key === undefined ? null : (values as Record<string | number, unknown>)[key]
      if (value === null) out.int32(-1)
      else if (!encodeField(value, i, out)) return false
    }
    return true
  }
}

/** Appends a value in binary with its length. */
export function encodeBinaryField(codec: TraitedCodec, value: unknown, out: MessageWriter): void {
  const position = out.beginValue()
  codec.encodeBinary?.(value, out)
  out.endValue(position)
}
