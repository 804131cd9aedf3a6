import { types } from 'node:util'
import { EncodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import type { Codec } from '../codec.js'
import type { TraitedCodec } from '../codec-traits.js'
import { cannotEncode } from '../value-errors.js'
import { decodeUtf8 } from './utf8.js'

/**
 * Appends a string as UTF-8.
 * @throws {EncodeError} if it has a NUL, which no PostgreSQL text can hold, or a lone surrogate,
 * which UTF-8 cannot express.
 */
export function writeText(type: string, text: string, out: MessageWriter): void {
  if (out.shortText(text)) return
  if (text.includes('\0')) throw unfit(type, 'a NUL character')
  if (!isWellFormed(text)) throw unfit(type, 'a lone surrogate')
  out.utf8(text)
}

function isWellFormed(text: string): boolean {
  // In Node since version 20, in TypeScript's library only with ES2024.
  return (text as string & { isWellFormed(): boolean }).isWellFormed()
}

function unfit(type: string, what: string): EncodeError {
  return new EncodeError(`a string with ${what} cannot be sent as ${type}`, { type })
}

/** The text of a string, number, boolean, bigint or (as ISO 8601) Date. */
function textOf(type: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value)
  }
  if (types.isDate(value) && !Number.isNaN(value.getTime())) return value.toISOString()
  throw cannotEncode(type, value, 'strings, numbers, bigints, booleans and Dates')
}

/** Makes the codec of a type whose binary form is its text. */
export function textCodec(name: string): TraitedCodec<string> {
  const encode = (value: unknown, out: MessageWriter): void =>
    writeText(name, textOf(name, value), out)
  return {
    name,
    decodeText: decodeUtf8,
    decodeBinary: decodeUtf8,
    encodeText: encode,
    encodeBinary: encode,
    layout: 'text',
  }
}

export const text: TraitedCodec<string> = textCodec('text')
export const varchar: TraitedCodec<string> = textCodec('varchar')
export const bpchar: TraitedCodec<string> = textCodec('bpchar')
export const name: TraitedCodec<string> = textCodec('name')
export const refcursor: TraitedCodec<string> = textCodec('refcursor')
export const unknown: TraitedCodec<string> = textCodec('unknown')

/**
 * `xml` is never sent in binary: `xml_recv` reads the bytes in the encoding that the document itself
 * declares, while text is always in the client's encoding.
 */
export const xml: Codec<string> = withoutBinaryEncoder(textCodec('xml'))

/** For types of which nothing is known: their binary form could be anything, so all goes as text. */
export const fallback: Codec<string> = {
  name: 'unknown',
  decodeText: decodeUtf8,
  encodeText: unknown.encodeText,
}

function withoutBinaryEncoder(codec: Codec<string>): Codec<string> {
  return {
    name: codec.name,
    decodeText: decodeUtf8,
    decodeBinary: decodeUtf8,
    encodeText: codec.encodeText,
  }
}
