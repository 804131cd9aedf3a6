import { EncodeError } from '../base/errors.js'
import type { MessageWriter } from '../protocol/message-writer.js'
import { type TraitedCodec, traitsOf } from './codec-traits.js'
import { writeText } from './codecs/text.js'
import { decodeUtf8 } from './codecs/utf8.js'
import type { TypeDescription } from './type-description.js'
import type { CodecOverride } from './type-options.js'
import type { BinaryCodec, TextCodec, TupleCodec, ValueCodec } from './value-codec.js'
import { valueKind } from './value-errors.js'

/**
 * What a {@link ValueCodec} puts in the place of a type's own functions, those of `codec`; undefined for
 * tuples of a type that has no attributes.
 */
export function asOverride(
  option: ValueCodec,
  type: TypeDescription | undefined,
  codec: TraitedCodec,
): CodecOverride | undefined {
  switch (option.format) {
    case 'binary':
      return binaryOverride(codec.name, option)
    case 'tuple':
      return type?.structure.kind === 'composite'
        ? tupleOverride(
            option,
            type.structure.attributes.map(({ name }) => name),
            codec,
          )
        : undefined
    default:
      return textOverride(codec.name, option)
  }
}

function textOverride(type: string, { encode, decode }: TextCodec<unknown>): CodecOverride {
  return {
    ...(decode && { decodeText: (buf, start, end) => decode(decodeUtf8(buf, start, end)) }),
    ...(encode && {
      encodeText: (value, out) => {
        const text: unknown = encode(value)
        if (typeof text !== 'string') throw wrongResult(type, text, 'a string')
        writeText(type, text, out)
      },
    }),
  }
}

function binaryOverride(type: string, { encode, decode }: BinaryCodec<unknown>): CodecOverride {
  return {
    ...(decode && {
      decodeBinary: (buf, start, end) => decode(Uint8Array.prototype.slice.call(buf, start, end)),
    }),
    ...(encode && {
      encodeBinary: (value, out) => {
        const bytes: unknown = encode(value)
        if (!(bytes instanceof Uint8Array)) throw wrongResult(type, bytes, 'a Uint8Array')
        out.bytes(bytes)
      },
    }),
  }
}

function tupleOverride(
  { encode, decode }: TupleCodec<unknown>,
  attributes: readonly string[],
  codec: TraitedCodec,
): CodecOverride & Pick<TraitedCodec, 'traits'> {
  const { decodeText, decodeBinary, encodeText, encodeBinary } = codec
  const traits = traitsOf(codec)
  const toValue = (row: unknown): unknown =>
    decode?.(attributes.map((name) => (row as Record<string, unknown>)[name]))
  const toTuple = (value: unknown): readonly unknown[] => {
    const tuple: unknown = encode?.(value)
    if (!Array.isArray(tuple)) throw wrongResult(codec.name, tuple, 'an array')
    return tuple
  }
  /** What `encode` throws is told of when it is called to send the value. */
  const tupleOrNone = (value: unknown): unknown => {
    if (value === null || value === undefined) return undefined
    try {
      return encode?.(value)
    } catch {
      return undefined
    }
  }
  return {
    ...(decode && {
      decodeText: (buf, start, end) => toValue(decodeText(buf, start, end)),
      ...(decodeBinary && {
        decodeBinary: (buf: Buffer, start: number, end: number): unknown =>
          toValue(decodeBinary(buf, start, end)),
      }),
    }),
    ...(encode && {
      encodeText: (value, out) => encodeText(toTuple(value), out),
      ...(encodeBinary && {
        encodeBinary: (value: unknown, out: MessageWriter): void =>
          encodeBinary(toTuple(value), out),
      }),
      traits: {
        ...traits,
        goesAsText: (value: unknown): boolean => traits.goesAsText?.(tupleOrNone(value)) ?? false,
        // An inner array is one value if `encode` makes all attributes of it, else a dimension.
        isElement: (value: object): boolean => {
          const tuple = tupleOrNone(value)
          return (
            Array.isArray(tuple) && tuple.length === attributes.length && !tuple.includes(undefined)
          )
        },
      },
    }),
  }
}

function wrongResult(type: string, result: unknown, wanted: string): EncodeError {
  return new EncodeError(
    `encode of the codec given for ${type} gave ${valueKind(result)} instead of ${wanted}`,
    { type },
  )
}
