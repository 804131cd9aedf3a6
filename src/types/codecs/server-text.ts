import type { MessageWriter } from '../../protocol/message-writer.js'
import type { Codec } from '../codec.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { cannotEncode } from '../value-errors.js'
import { writeText } from './text.js'
import { decodeUtf8 } from './utf8.js'

/** Appends a string that the server is to read. */
export function encodeServerText(name: string, value: unknown, out: MessageWriter): void {
  if (typeof value !== 'string') throw cannotEncode(name, value, 'strings')
  writeText(name, value, out)
}

/**
 * Makes the codec of a type whose values are strings in JavaScript and something else in binary.
 * Parameters go as text, which the server reads; the binary form serves arrays, composites and COPY.
 */
export function stringCodec(
  name: string,
  binary: {
    readonly decode?: (buf: Buffer, start: number, end: number) => string
    /** Appends the binary form of a text in the form that the server prints; false if it is not. */
    readonly encode?: (text: string, out: MessageWriter) => boolean
  },
): TraitedCodec<string> {
  const { decode, encode } = binary
  return {
    name,
    decodeText: decodeUtf8,
    ...(decode && { decodeBinary: decode }),
    encodeText: (value, out) => encodeServerText(name, value, out),
    ...(encode && {
      encodeBinary(value: unknown, out: MessageWriter): void {
        if (typeof value === 'string' && encode(value, out)) return
        throw cannotEncode(name, value, 'strings such as the server prints')
      },
    }),
    traits: STRINGS_GO_AS_TEXT,
  }
}

/** `money`, as text: what it looks like is up to the setting `lc_monetary`. */
export const money: Codec<string> = stringCodec('money', {})

/** `aclitem`, which has no binary form. */
export const aclitem: Codec<string> = stringCodec('aclitem', {})

/**
 * Makes the codec of a type for names of things that have an OID, such as `regclass`. The binary form
 * is the OID, so names are read and sent as text. An OID is taken too, as a number.
 */
export function objectNameCodec(name: string): Codec<string> {
  return {
    name,
    decodeText: decodeUtf8,
    encodeText(value, out) {
      const isOid =
        typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff
      if (typeof value !== 'string' && !isOid) {
        throw cannotEncode(name, value, 'names and OIDs')
      }
      writeText(name, String(value), out)
    },
  }
}
