import { EncodeError } from '../../base/errors.js'
import { MessageWriter } from '../../protocol/message-writer.js'
import { isString, type TraitedCodec, traitsOf } from '../codec-traits.js'
import { isRangeBounds, Range, type RangeBounds, type RangeLike } from '../range.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { FieldReader, writeQuoted } from './quoted-text.js'
import { writeText } from './text.js'

/** Flags of the binary form (src/include/utils/rangetypes.h). */
const EMPTY = 0x01
const LOWER_INCLUSIVE = 0x02
const UPPER_INCLUSIVE = 0x04
const LOWER_INFINITE = 0x08
const UPPER_INFINITE = 0x10
const ALL_FLAGS = 0x1f

const LENGTH_BYTES = 4

const COMMA = 0x2c
const OPEN_PARENTHESIS = 0x28
const CLOSE_PARENTHESIS = 0x29
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

const TAKES =
  'Ranges, objects such as { lower: 1, upper: null, bounds: "[)" } in which null is no end, and PostgreSQL\'s text'

type Decode = (buf: Buffer, start: number, end: number) => unknown

/** A range parameter whose form was checked; its bounds are for the subtype to check. */
interface CheckedRange {
  readonly lower: unknown
  readonly upper: unknown
  readonly bounds: RangeBounds
  readonly empty: boolean
}

/** Whether a value looks like a range: it has a lower and an upper bound, or is empty. */
function isRangeLike(value: unknown): value is RangeLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    (('lower' in value && 'upper' in value) || 'empty' in value)
  )
}

function checkedRange(type: string, value: unknown): CheckedRange {
  if (!isRangeLike(value)) throw cannotEncode(type, value, TAKES)
  const { lower, upper, bounds = '[)', empty = false } = value
  if (empty === true) return Range.empty
  if (empty !== false || !isRangeBounds(bounds)) throw cannotEncode(type, value, TAKES)
  if (lower === undefined || upper === undefined) {
    throw new EncodeError(
      `a bound of a range sent as ${type} is undefined; null is a side without end`,
      { type },
    )
  }
  return { lower, upper, bounds, empty }
}

/**
 * Makes the codec of a range type: `Range` objects out; in, those, objects that look like them, and
 * PostgreSQL's text. It is binary as far as the codec of the subtype is.
 *
 * @param name `pg_type.typname` of the range.
 */
export function rangeCodec(name: string, subtype: TraitedCodec): TraitedCodec<Range> {
  const { decodeBinary, encodeBinary } = subtype
  const boundGoesAsText = traitsOf(subtype).goesAsText
  return {
    name,
    decodeText: (buf, start, end) => decodeText(name, subtype.decodeText, buf, start, end),
    ...(decodeBinary && {
      decodeBinary: (buf: Buffer, start: number, end: number): Range =>
        decodeRange(name, decodeBinary, buf, start, end),
    }),
    encodeText: (value, out) => encodeText(name, subtype, value, out),
    ...(encodeBinary && {
      encodeBinary: (value: unknown, out: MessageWriter): void =>
        encodeRange(name, encodeBinary, value, out),
    }),
    traits: {
      goesAsText: (value) =>
        isString(value) ||
        (boundGoesAsText !== undefined &&
          isRangeLike(value) &&
          (boundGoesAsText(value.lower) || boundGoesAsText(value.upper))),
    },
  }
}

/**
 * Reads a binary range: a byte of flags, then the bounds that there are, each behind its length.
 *
 * @see range_send in src/backend/utils/adt/rangetypes.c
 */
function decodeRange(
  type: string,
  decodeBound: Decode,
  buf: Buffer,
  start: number,
  end: number,
): Range {
  if (start === end) throw malformed(type, 'no flags')
  const flags = buf.readUInt8(start)
  if ((flags & ~ALL_FLAGS) !== 0) throw malformed(type, 'unknown flags')
  let at = start + 1
  let lower: unknown = null
  let upper: unknown = null
  if ((flags & (EMPTY | LOWER_INFINITE)) === 0) {
    const length = readLength(type, buf, at, end)
    at += LENGTH_BYTES
    lower = decodeBound(buf, at, at + length)
    at += length
  }
  if ((flags & (EMPTY | UPPER_INFINITE)) === 0) {
    const length = readLength(type, buf, at, end)
    at += LENGTH_BYTES
    upper = decodeBound(buf, at, at + length)
    at += length
  }
  if (at !== end) throw malformed(type, 'bytes behind its bounds')
  if ((flags & EMPTY) !== 0) return Range.empty
  return new Range(
    lower,
    upper,
    boundsOf((flags & LOWER_INCLUSIVE) !== 0, (flags & UPPER_INCLUSIVE) !== 0),
  )
}

function readLength(type: string, buf: Buffer, at: number, end: number): number {
  if (end - at < LENGTH_BYTES) throw malformed(type, 'it ends too early')
  const length = buf.readInt32BE(at)
  if (length < 0 || length > end - at - LENGTH_BYTES) {
    throw malformed(type, `a bound of ${length} bytes`)
  }
  return length
}

function boundsOf(withLower: boolean, withUpper: boolean): RangeBounds {
  if (withLower) return withUpper ? '[]' : '[)'
  return withUpper ? '(]' : '()'
}

function isBoundEnd(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_PARENTHESIS || byte === CLOSE_BRACKET
}

function decodeText(
  type: string,
  decodeBound: Decode,
  buf: Buffer,
  start: number,
  end: number,
): Range {
  if (buf.toString('latin1', start, end) === 'empty') return Range.empty
  const reader = new FieldReader(type, buf, start, end)
  const opening = reader.next()
  if (opening !== OPEN_BRACKET && opening !== OPEN_PARENTHESIS) {
    throw malformed(type, 'no opening bracket')
  }
  const lower = reader.readField(decodeBound, isBoundEnd)
  if (reader.next() !== COMMA) throw malformed(type, 'no comma between its bounds')
  const upper = reader.readField(decodeBound, isBoundEnd)
  const closing = reader.next()
  if (closing === COMMA) throw malformed(type, 'more than two bounds')
  reader.expectEnd()
  return new Range(lower, upper, boundsOf(opening === OPEN_BRACKET, closing === CLOSE_BRACKET))
}

/**
 * Passes over the text of a range with two bounds.
 * @throws {DecodeError} if there is none.
 */
export function skipRange(type: string, reader: FieldReader): void {
  const ignore = (): null => null
  reader.next()
  reader.readField(ignore, isBoundEnd)
  if (reader.next() !== COMMA) throw malformed(type, 'no comma between the bounds of a range')
  reader.readField(ignore, isBoundEnd)
  reader.next()
}

function encodeRange(
  type: string,
  encodeBound: (value: unknown, out: MessageWriter) => void,
  value: unknown,
  out: MessageWriter,
): void {
  const { lower, upper, bounds, empty } = checkedRange(type, value)
  if (empty) {
    out.int8(EMPTY)
    return
  }
  out.int8(
    (bounds.startsWith('[') ? LOWER_INCLUSIVE : 0) |
      (bounds.endsWith(']') ? UPPER_INCLUSIVE : 0) |
      (lower === null ? LOWER_INFINITE : 0) |
      (upper === null ? UPPER_INFINITE : 0),
  )
  for (const bound of [lower, upper]) {
    if (bound === null) continue
    const position = out.beginValue()
    encodeBound(bound, out)
    out.endValue(position)
  }
}

function encodeText(type: string, subtype: TraitedCodec, value: unknown, out: MessageWriter): void {
  if (typeof value === 'string') {
    writeText(type, value, out)
    return
  }
  const { lower, upper, bounds, empty } = checkedRange(type, value)
  if (empty) {
    out.utf8('empty')
    return
  }
  // Bounds must be looked through for characters to escape, and `out` cannot be read.
  const scratch = new MessageWriter()
  const writeBound = (bound: unknown): void => {
    if (bound === null) return
    subtype.encodeText(bound, scratch)
    writeQuoted(scratch.take(), out)
  }
  out.utf8(bounds.charAt(0))
  writeBound(lower)
  out.utf8(',')
  writeBound(upper)
  out.utf8(bounds.charAt(1))
}
