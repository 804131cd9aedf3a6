import { types } from 'node:util'
import type { MessageWriter } from '../../protocol/message-writer.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { writeText } from './text.js'
import { decodeUtf8 } from './utf8.js'

const COUNT_BYTES = 4
const LENGTH_BYTES = 4
const NULL = -1

type Pairs = Map<string, string | null>

/** What separates a key or value from the next. */
const SEPARATOR = /=>|, |$/y
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Reads text as hstore_out prints it: `"key"=>"value", "other"=>NULL`. */
function decodeText(buf: Buffer, start: number, end: number): Pairs {
  const text = decodeUtf8(buf, start, end)
  const pairs: Pairs = new Map()
  let at = 0
  while (at < text.length) {
    const key = tokenAt(at, text)
    if (key.text === null || key.separator !== '=>') throw malformed('hstore', 'no key')
    const value = tokenAt(key.end, text)
    at = value.end
    const isLast = at === text.length
    if (value.separator !== (isLast ? '' : ', '))
      throw malformed('hstore', 'no comma behind a pair')
    pairs.set(key.text, value.text)
  }
  return pairs
}

/** A key or value in quotes, or NULL, and where it ends with what separates it from the next. */
function tokenAt(
  start: number,
  text: string,
): { readonly text: string | null; readonly separator: string; readonly end: number } {
  const isNull = text.startsWith('NULL', start)
  SEPARATOR.lastIndex = isNull ? start + 'NULL'.length : endOfQuoted(start, text)
  const quoted = text.slice(start + 1, SEPARATOR.lastIndex - 1)
  const [separator] = SEPARATOR.exec(text) ?? []
  if (separator === undefined) throw notPairs()
  const end = SEPARATOR.lastIndex
  return { text: isNull ? null : quoted.replace(/\\(.)/gs, '$1'), separator, end }
}

/** Behind the quote that closes it. By a loop: a regular expression takes more stack the longer it is. */
function endOfQuoted(start: number, text: string): number {
  if (text.charCodeAt(start) !== QUOTE) throw notPairs()
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at += 1
  }
  throw notPairs()
}

function notPairs(): Error {
  return malformed('hstore', 'not pairs of key and value')
}

/**
 * Reads a binary hstore: int32 number of pairs; of each key and value behind their lengths, −1 for a
 * value that is NULL.
 *
 * @see hstore_send in contrib/hstore/hstore_io.c
 */
function decodeBinary(buf: Buffer, start: number, end: number): Pairs {
  if (end - start < COUNT_BYTES) throw malformed('hstore', 'shorter than its header')
  const count = buf.readInt32BE(start)
  let at = start + COUNT_BYTES
  if (count < 0 || count * 2 * LENGTH_BYTES > end - at) throw malformed('hstore', `${count} pairs`)
  const pairs: Pairs = new Map()
  for (let i = 0; i < count; i++) {
    const keyLength = readLength(buf, at, end)
    at += LENGTH_BYTES
    if (keyLength === NULL) throw malformed('hstore', 'a key that is NULL')
    const key = decodeUtf8(buf, at, at + keyLength)
    at += keyLength
    const length = readLength(buf, at, end)
    at += LENGTH_BYTES
    if (length === NULL) {
      pairs.set(key, null)
      continue
    }
    pairs.set(key, decodeUtf8(buf, at, at + length))
    at += length
  }
  if (at !== end) throw malformed('hstore', 'bytes behind its pairs')
  return pairs
}

function readLength(buf: Buffer, at: number, end: number): number {
  if (end - at < LENGTH_BYTES) throw malformed('hstore', 'it ends too early')
  const length = buf.readInt32BE(at)
  if (length < NULL || length > end - at - LENGTH_BYTES) {
    throw malformed('hstore', `a string of ${length} bytes`)
  }
  return length
}

/** The pairs of a Map or plain object, of which only strings and NULL are left. */
function pairsOf(value: unknown): readonly (readonly [string, string | null])[] {
  const isPlain = typeof value === 'object' && value !== null && isPlainObject(value)
  if (!isPlain && !types.isMap(value)) throw refusal(value)
  const pairs: (readonly [unknown, unknown])[] = isPlain
    ? Object.entries(value as object)
    : [...(value as Map<unknown, unknown>)]
  return pairs.map(([key, item]) => {
    if (typeof key !== 'string') throw refusal(key)
    if (item !== null && typeof item !== 'string') throw refusal(item)
    return [key, item]
  })
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function refusal(value: unknown): Error {
  return cannotEncode('hstore', value, 'Maps and plain objects of strings and null')
}

/** Quotes and backslashes are put behind a backslash; a string without quotes could be read as NULL. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function encodeText(value: unknown, out: MessageWriter): void {
  const text =
    typeof value === 'string'
      ? value
      : pairsOf(value)
          .map(([key, item]) => `${quoted(key)}=>${item === null ? 'NULL' : quoted(item)}`)
          .join(', ')
  writeText('hstore', text, out)
}

function writeLengthAndText(text: string, out: MessageWriter): void {
  const position = out.beginValue()
  writeText('hstore', text, out)
  out.endValue(position)
}

/** `hstore`, of the extension of that name: a Map of strings, in which null is NULL. */
export const hstore: TraitedCodec<Pairs> = {
  name: 'hstore',
  decodeText,
  decodeBinary,
  encodeText,
  encodeBinary(value, out) {
    const pairs = pairsOf(value)
    out.int32(pairs.length)
    for (const [key, item] of pairs) {
      writeLengthAndText(key, out)
      if (item === null) out.int32(NULL)
      else writeLengthAndText(item, out)
    }
  },
  traits: STRINGS_GO_AS_TEXT,
}
