import { EncodeError, InterfaceError } from '../base/errors.js'
import type { MessageWriter } from '../protocol/message-writer.js'
import type { Codec } from './codec.js'
import { traitsOf } from './codec-traits.js'
import type { RecordEncoder } from './generated-record-encoder.js'
import { encodeBinaryField, recordEncoder } from './record-encoder.js'

/** The most parameters of a statement: their count is a uint16. */
const MAX_PARAMETERS = 0xffff

const TEXT = 0
const BINARY = 1
const NULL = -1

/** A count of 1 and the code {@link BINARY}, as 16 bits each. */
const ONE_FORMAT_BINARY = 0x0001_0001

/**
 * Appends the part of a Bind that carries the parameters: their formats, their number and their
 * values. null is NULL.
 *
 * What was written before an error is left: the caller rewinds.
 *
 * @throws {InterfaceError} if there are more or fewer values than codecs; nothing is written then.
 * @throws {EncodeError} with `parameter` and `type` for a value that its type does not take,
 * undefined always, and for more than 65,535 values.
 */
export function encodeParameters(
  codecs: readonly Codec[],
  values: readonly unknown[],
  out: MessageWriter,
): void {
  const count = codecs.length
  if (values.length > MAX_PARAMETERS) {
    throw new EncodeError(`a query has at most ${MAX_PARAMETERS} parameters, not ${values.length}`)
  }
  if (values.length !== count) {
    throw new InterfaceError(`the query has ${parameters(count)}, but ${values.length} were given`)
  }
  writeFormats(codecs, values, out)
  out.uint16(count)
  for (let i = 0; i < count; i++) {
    const codec = codecs[i]
    const value = values[i]
    if (codec === undefined || value === null) {
      out.int32(NULL)
      continue
    }
    const position = out.beginValue()
    try {
      encodeValue(codec, value, out)
    } catch (error) {
      throw parameterError(error, i + 1, codec)
    }
    out.endValue(position)
  }
}

/** Encodes the parameters of a statement that is bound many times; as {@link encodeParameters} otherwise. */
export class ParameterEncoder {
  readonly #codecs: readonly Codec[]
  /** Set where all can go in binary. */
  readonly #encodeRecord: RecordEncoder | undefined

  constructor(codecs: readonly Codec[]) {
    this.#codecs = codecs
    const isBinary = codecs.length > 0 && codecs.every((codec) => codec.encodeBinary !== undefined)
    this.#encodeRecord = isBinary ? recordEncoder(codecs, undefined) : undefined
  }

  /** See {@link encodeParameters}. */
  encode(values: readonly unknown[], out: MessageWriter): void {
    if (this.#encodeRecord !== undefined && values.length === this.#codecs.length) {
      const mark = out.mark()
      out.int32(ONE_FORMAT_BINARY)
      if (this.#encodeRecord(values, out, this.#encodeField)) return
      out.rewind(mark)
    }
    encodeParameters(this.#codecs, values, out)
  }

  readonly #encodeField = (value: unknown, index: number, out: MessageWriter): boolean => {
    const codec = this.#codecs[index] as Codec
    if (value === undefined || formatOf(codec, value) === TEXT) return false
    try {
      encodeBinaryField(codec, value, out)
    } catch (error) {
      throw parameterError(error, index + 1, codec)
    }
    return true
  }
}

/** One code stands for all parameters, and none for all in text. */
function writeFormats(
  codecs: readonly Codec[],
  values: readonly unknown[],
  out: MessageWriter,
): void {
  let binary = 0
  for (let i = 0; i < codecs.length; i++) binary += formatOf(codecs[i], values[i])
  const isMixed = binary > 0 && binary < codecs.length
  out.uint16(isMixed ? codecs.length : Math.min(binary, 1))
  if (binary > 0 && !isMixed) out.int16(BINARY)
  for (let i = 0; i < codecs.length && isMixed; i++) out.int16(formatOf(codecs[i], values[i]))
}

function formatOf(codec: Codec | undefined, value: unknown): 0 | 1 {
  if (codec?.encodeBinary === undefined) return TEXT
  return traitsOf(codec).goesAsText?.(value) ? TEXT : BINARY
}

function encodeValue(codec: Codec, value: unknown, out: MessageWriter): void {
  if (value === undefined) {
    throw new EncodeError('undefined cannot be sent; null is the value NULL', { type: codec.name })
  }
  if (formatOf(codec, value) === BINARY) codec.encodeBinary?.(value, out)
  else codec.encodeText(value, out)
}

function parameterError(error: unknown, parameter: number, codec: Codec): EncodeError {
  const type = codec.name
  const isOurs = error instanceof EncodeError
  // The message of any other error is not repeated: it could contain the value.
  const what = isOurs ? error.message : 'its codec threw an error'
  return new EncodeError(`parameter $${parameter} (${type}): ${what}`, {
    cause: error,
    parameter,
    type,
    ...(isOurs && { code: error.code }),
  })
}

function parameters(count: number): string {
  return count === 1 ? '1 parameter' : `${count} parameters`
}
