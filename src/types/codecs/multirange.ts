import type { MessageWriter } from '../../protocol/message-writer.js'
import { isString, type TraitedCodec, traitsOf } from '../codec-traits.js'
import type { Range } from '../range.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { FieldReader } from './quoted-text.js'
import { skipRange } from './range.js'
import { writeText } from './text.js'

const LENGTH_BYTES = 4

const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d

/**
 * Makes the codec of a multirange type: arrays of `Range` objects out; in, those and PostgreSQL's text.
 * The server merges ranges that touch, sorts them and drops empty ones.
 *
 * @param name `pg_type.typname` of the multirange.
 * @param range the codec of its range type.
 */
export function multirangeCodec(name: string, range: TraitedCodec<Range>): TraitedCodec<Range[]> {
  const { decodeBinary, encodeBinary } = range
  const { goesAsText = isString } = traitsOf(range)
  return {
    name,
    decodeText: (buf, start, end) => decodeText(name, range, buf, start, end),
    ...(decodeBinary && {
      decodeBinary: (buf: Buffer, start: number, end: number): Range[] =>
        decodeMultirange(name, decodeBinary, buf, start, end),
    }),
    encodeText: (value, out) => encodeText(name, range, value, out),
    ...(encodeBinary && {
      encodeBinary: (value: unknown, out: MessageWriter): void => {
        const ranges = rangesOf(name, value)
        out.int32(ranges.length)
        for (let i = 0; i < ranges.length; i++) {
          const position = out.beginValue()
          encodeBinary(ranges[i], out)
          out.endValue(position)
        }
      },
    }),
    traits: {
      goesAsText: (value) => isString(value) || (Array.isArray(value) && value.some(goesAsText)),
      // [[], []] could be no dimension at all or two empty multiranges: it is the latter.
      isElement: () => true,
    },
  }
}

type RangeDecoder = (buf: Buffer, start: number, end: number) => Range

function rangesOf(type: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw cannotEncode(type, value, "arrays of ranges and PostgreSQL's text")
}

/**
 * Reads a binary multirange: int32 number of ranges, each behind its length.
 *
 * @see multirange_send in src/backend/utils/adt/multirangetypes.c
 */
function decodeMultirange(
  type: string,
  decodeRange: RangeDecoder,
  buf: Buffer,
  start: number,
  end: number,
): Range[] {
  if (end - start < LENGTH_BYTES) throw malformed(type, 'shorter than its header')
  const count = buf.readInt32BE(start)
  let at = start + LENGTH_BYTES
  // Every range takes at least the bytes of its length, which bounds what is allocated.
  if (count < 0 || count * LENGTH_BYTES > end - at) throw malformed(type, `${count} ranges`)
  const ranges: Range[] = []
  for (let i = 0; i < count; i++) {
    if (end - at < LENGTH_BYTES) throw malformed(type, 'it ends too early')
    const length = buf.readInt32BE(at)
    at += LENGTH_BYTES
    if (length < 0 || length > end - at) throw malformed(type, `a range of ${length} bytes`)
    ranges.push(decodeRange(buf, at, at + length))
    at += length
  }
  if (at !== end) throw malformed(type, 'bytes behind its ranges')
  return ranges
}

function decodeText(
  type: string,
  range: TraitedCodec<Range>,
  buf: Buffer,
  start: number,
  end: number,
): Range[] {
  const reader = new FieldReader(type, buf, start, end)
  if (reader.next() !== OPEN) throw malformed(type, 'no opening brace')
  const ranges: Range[] = []
  if (reader.peek() === CLOSE) {
    reader.next()
  } else {
    for (;;) {
      const from = reader.position
      skipRange(type, reader)
      ranges.push(range.decodeText(buf, from, reader.position))
      const separator = reader.next()
      if (separator === CLOSE) break
      if (separator !== COMMA) throw malformed(type, 'no comma between ranges')
    }
  }
  reader.expectEnd()
  return ranges
}

function encodeText(type: string, range: TraitedCodec, value: unknown, out: MessageWriter): void {
  if (typeof value === 'string') {
    writeText(type, value, out)
    return
  }
  const ranges = rangesOf(type, value)
  out.utf8('{')
  for (let i = 0; i < ranges.length; i++) {
    if (i > 0) out.utf8(',')
    range.encodeText(ranges[i], out)
  }
  out.utf8('}')
}
