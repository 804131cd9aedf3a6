import type { MessageWriter } from '../protocol/message-writer.js'
import type { TraitedCodec } from './codec-traits.js'
import { canGenerateCode } from './generated-code.js'
import { generateRecordEncoder, type RecordEncoder } from './generated-record-encoder.js'

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
  const isGenerated = codecs.length <= MAX_GENERATED_COLUMNS && canGenerateCode()
  if (!isGenerated) return interpretRecord(names ?? codecs.map((_, i) => i))
  const layouts = codecs.map(({ layout }) => layout)
  const key = JSON.stringify([layouts, names])
  let encoder = kept.get(key)
  if (encoder === undefined) {
    if (kept.size >= MAX_KEPT) kept.clear()
    encoder = generateRecordEncoder(layouts, names)
    kept.set(key, encoder)
  }
  return encoder
}

/** As {@link recordEncoder}, without making code. */
export function interpretRecord(keys: readonly (string | number)[]): RecordEncoder {
  return (values, out, encodeField) => {
    out.int16(keys.length)
    for (let i = 0; i < keys.length; i++) {
      const value = (values as Record<string | number, unknown>)[keys[i] as string | number]
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
