import type { MessageWriter } from '../../protocol/message-writer.js'
import { MAX_SHORT_TEXT, writeShortText } from '../../protocol/short-text.js'
import type { BinaryLayout } from '../binary-layout.js'

/*
 * Elements of arrays whose binary form is plain, read and written with their lengths and without a call
 * of their codec (`npm run bench:micro -- decoders encoders`). What is out of the ordinary is left to it.
 */

/** The most that {@link writePlain} takes in the buffer. */
const MAX_PLAIN_BYTES = 4 + MAX_SHORT_TEXT

/** Room is made for so many elements at a time. */
const CHUNK = 1024

const TWO_TO_32 = 0x1_0000_0000

/**
 * Reads the elements that begin at `start` and end by `end`, one for each place of `into`.
 * @returns the position behind them, or −1 if one of them is not as usual; what was read means nothing then.
 */
export function readPlainElements(
  layout: BinaryLayout,
  view: DataView,
  start: number,
  end: number,
  into: unknown[],
): number {
  const usual = SIZES[layout]
  let at = start
  for (let i = 0; i < into.length; i++) {
    const size = end - at < 4 ? -2 : view.getInt32(at)
    at += 4
    if (size === -1) {
      into[i] = null
      continue
    }
    if (size !== usual || size > end - at) return -1
    into[i] = readPlain(layout, view, at)
    at += size
  }
  return at
}

/** Bytes of an element, by layout; none for those that are not read here. */
const SIZES: Readonly<Partial<Record<BinaryLayout, number>>> = {
  bool: 1,
  int2: 2,
  int4: 4,
  uint4: 4,
  float8: 8,
}

/** Whether elements of a layout are read here. */
export function isReadPlainly(layout: BinaryLayout | undefined): layout is BinaryLayout {
  return layout !== undefined && SIZES[layout] !== undefined
}

function readPlain(layout: BinaryLayout, view: DataView, at: number): number | boolean {
  switch (layout) {
    case 'int4':
      return view.getInt32(at)
    case 'float8':
      return view.getFloat64(at)
    case 'int2':
      return view.getInt16(at)
    case 'bool':
      return view.getUint8(at) !== 0
    default:
      return view.getUint32(at)
  }
}

/**
 * Appends the elements from `first` on, each with its length, up to one that is not as usual.
 * @returns the index of that, or the length of the array
 */
export function writePlainElements(
  layout: BinaryLayout,
  array: ArrayLike<unknown>,
  first: number,
  out: MessageWriter,
): number {
  let i = first
  while (i < array.length) {
    const stop = Math.min(array.length, i + CHUNK)
    let at = out.room((stop - i) * MAX_PLAIN_BYTES)
    const { buffer, view } = out
    for (; i < stop; i++) {
      const next = writePlain(layout, array[i], buffer, view, at)
      if (next < 0) {
        out.end = at
        return i
      }
      at = next
    }
    out.end = at
  }
  return i
}

/**
 * Writes an element with its length at `at`, where there must be room for MAX_PLAIN_BYTES.
 * @returns the position behind it, or −1 with nothing of it written that counts.
 */
function writePlain(
  layout: BinaryLayout,
  value: unknown,
  buf: Buffer,
  view: DataView,
  at: number,
): number {
  if (typeof value === 'string') {
    if (layout !== 'text' || value.length > MAX_SHORT_TEXT) return -1
    const end = writeShortText(value, buf, at + 4)
    if (end >= 0) view.setInt32(at, end - at - 4)
    return end
  }
  if (typeof value !== 'number') return -1
  switch (layout) {
    case 'int4':
      if ((value | 0) !== value) return -1
      view.setInt32(at, 4)
      view.setInt32(at + 4, value)
      return at + 8
    case 'float8':
      view.setInt32(at, 8)
      view.setFloat64(at + 4, value)
      return at + 12
    case 'int8': {
      if (!Number.isSafeInteger(value)) return -1
      const high = Math.floor(value / TWO_TO_32)
      view.setInt32(at, 8)
      view.setInt32(at + 4, high)
      view.setInt32(at + 8, value - high * TWO_TO_32)
      return at + 12
    }
    case 'int2':
      if ((value << 16) >> 16 !== value) return -1
      view.setInt32(at, 2)
      view.setInt16(at + 4, value)
      return at + 6
    default:
      return -1
  }
}
