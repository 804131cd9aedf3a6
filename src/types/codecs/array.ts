import { MessageWriter } from '../../protocol/message-writer.js'
import type { Codec } from '../codec.js'
import { type TraitedCodec, traitsOf } from '../codec-traits.js'
import { malformed } from '../value-errors.js'
import {
  type ArrayValue,
  badElement,
  checkLength,
  dimensionsOf,
  type IsDimension,
  isArrayValue,
} from './array-shape.js'
import { decodeArrayText, MAX_DIMENSIONS } from './array-text.js'

const HEADER_BYTES = 12
const DIMENSION_BYTES = 8
const LENGTH_BYTES = 4
const NULL = -1

const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * Makes the codec of the arrays of a type: nested JavaScript arrays of up to six dimensions, in which
 * null is NULL. Lower bounds are dropped.
 *
 * It is binary as far as the codec of the elements is.
 *
 * @param elementOid the OID of the type of the elements, which the binary form states.
 */
export function arrayCodec(elementOid: number, element: TraitedCodec): TraitedCodec<unknown[]> {
  const type = `_${element.name}`
  const isDimension = dimensionTest(element)
  const encoder = new ArrayEncoder(type, element, elementOid, isDimension)
  const { decodeBinary } = element
  return {
    name: type,
    decodeText: (buf, start, end) => decodeArrayText(type, element.decodeText, buf, start, end),
    ...(decodeBinary && {
      decodeBinary: (buf: Buffer, start: number, end: number): unknown[] =>
        decodeArray(type, elementOid, decodeBinary, buf, start, end),
    }),
    encodeText: (value, out) => encoder.encodeText(value, out),
    ...(element.encodeBinary && {
      encodeBinary: (value: unknown, out: MessageWriter): void => encoder.encodeBinary(value, out),
    }),
    ...(traitsOf(element).stringsGoAsText && { traits: { stringsGoAsText: true } }),
  }
}

function dimensionTest(element: TraitedCodec): IsDimension {
  switch (traitsOf(element).takesArrays) {
    case 'all':
      // [[1, 2]] could be two dimensions or one JSON array: it is the latter.
      return (value, depth): value is ArrayValue => depth === 0 && Array.isArray(value)
    case 'views':
      return (value): value is ArrayValue => Array.isArray(value)
    default:
      return isArrayValue
  }
}

/**
 * Reads a binary array: int32 number of dimensions, flags and OID of the elements; length and lower
 * bound of each dimension; each element with its length, −1 for NULL.
 *
 * @see array_send in src/backend/utils/adt/arrayfuncs.c
 */
function decodeArray(
  type: string,
  elementOid: number,
  decodeElement: NonNullable<Codec['decodeBinary']>,
  buf: Buffer,
  start: number,
  end: number,
): unknown[] {
  if (end - start < HEADER_BYTES) throw malformed(type, 'shorter than its header')
  const count = buf.readInt32BE(start)
  const foundOid = buf.readUInt32BE(start + 8)
  const elementsStart = start + HEADER_BYTES + count * DIMENSION_BYTES
  if (count < 0 || count > MAX_DIMENSIONS) throw malformed(type, `${count} dimensions`)
  if (elementsStart > end) throw malformed(type, 'shorter than its header')
  if (foundOid !== elementOid) {
    throw malformed(type, `elements of the type with OID ${foundOid} instead of ${elementOid}`)
  }
  const lengths: number[] = []
  // Every element takes at least the bytes of its length, which bounds what is allocated.
  let total = 1
  for (let at = start + HEADER_BYTES; at < elementsStart; at += DIMENSION_BYTES) {
    const length = buf.readInt32BE(at)
    total *= length
    if (length < 0 || total * LENGTH_BYTES > end - elementsStart) {
      throw malformed(type, 'dimensions beyond its bytes')
    }
    lengths.push(length)
  }
  if (count === 0 || total === 0) {
    if (elementsStart !== end) throw malformed(type, 'bytes behind its elements')
    return []
  }
  const reader = new ElementReader(type, decodeElement, buf, elementsStart, end)
  const array = reader.readDimension(lengths, 0)
  reader.expectEnd()
  return array
}

class ElementReader {
  readonly #type: string
  readonly #decodeElement: NonNullable<Codec['decodeBinary']>
  readonly #buf: Buffer
  readonly #end: number
  #at: number

  constructor(
    type: string,
    decodeElement: NonNullable<Codec['decodeBinary']>,
    buf: Buffer,
    start: number,
    end: number,
  ) {
    this.#type = type
    this.#decodeElement = decodeElement
    this.#buf = buf
    this.#at = start
    this.#end = end
  }

  readDimension(lengths: readonly number[], depth: number): unknown[] {
    const length = lengths[depth] ?? 0
    if (depth === lengths.length - 1) return this.#readElements(length)
    const array: unknown[] = []
    for (let i = 0; i < length; i++) array.push(this.readDimension(lengths, depth + 1))
    return array
  }

  expectEnd(): void {
    if (this.#at !== this.#end) throw malformed(this.#type, 'bytes behind its elements')
  }

  #readElements(length: number): unknown[] {
    const buf = this.#buf
    const end = this.#end
    const decode = this.#decodeElement
    const array: unknown[] = []
    let at = this.#at
    for (let i = 0; i < length; i++) {
      if (end - at < LENGTH_BYTES) throw malformed(this.#type, 'it ends too early')
      const size = buf.readInt32BE(at)
      at += LENGTH_BYTES
      if (size === NULL) {
        array.push(null)
        continue
      }
      if (size < 0 || size > end - at) throw malformed(this.#type, `an element of ${size} bytes`)
      array.push(decode(buf, at, at + size))
      at += size
    }
    this.#at = at
    return array
  }
}

class ArrayEncoder {
  readonly #type: string
  readonly #element: Codec
  readonly #elementOid: number
  readonly #isDimension: IsDimension

  constructor(type: string, element: Codec, elementOid: number, isDimension: IsDimension) {
    this.#type = type
    this.#element = element
    this.#elementOid = elementOid
    this.#isDimension = isDimension
  }

  encodeBinary(value: unknown, out: MessageWriter): void {
    const lengths = dimensionsOf(this.#type, value, this.#isDimension)
    const header = out.length
    const isEmpty = lengths.includes(0)
    out.int32(isEmpty ? 0 : lengths.length)
    out.int32(0)
    out.int32(this.#elementOid)
    for (let i = 0; i < lengths.length && !isEmpty; i++) {
      out.int32(lengths[i] ?? 0)
      out.int32(1)
    }
    if (this.#writeBinary(value, lengths, 0, out)) out.setInt32(header + 4, 1)
  }

  /** Tells whether there was a NULL. */
  #writeBinary(
    value: unknown,
    lengths: readonly number[],
    depth: number,
    out: MessageWriter,
  ): boolean {
    const array = this.#subArray(value, lengths, depth)
    const isLeaf = depth === lengths.length - 1
    let hasNull = false
    for (let i = 0; i < array.length; i++) {
      const item = array[i]
      if (!isLeaf) {
        if (this.#writeBinary(item, lengths, depth + 1, out)) hasNull = true
      } else if (item === null) {
        hasNull = true
        out.int32(NULL)
      } else {
        const position = out.beginValue()
        this.#element.encodeBinary?.(this.#checkedElement(item, depth), out)
        out.endValue(position)
      }
    }
    return hasNull
  }

  encodeText(value: unknown, out: MessageWriter): void {
    const lengths = dimensionsOf(this.#type, value, this.#isDimension)
    // Elements must be looked through for characters to escape, and `out` cannot be read.
    const scratch = new MessageWriter()
    const isEmpty = lengths.includes(0)
    this.#writeText(value, lengths, 0, isEmpty ? new MessageWriter() : out, scratch)
    if (isEmpty) out.utf8('{}')
  }

  #writeText(
    value: unknown,
    lengths: readonly number[],
    depth: number,
    out: MessageWriter,
    scratch: MessageWriter,
  ): void {
    const array = this.#subArray(value, lengths, depth)
    out.utf8('{')
    for (let i = 0; i < array.length; i++) {
      const item = array[i]
      if (i > 0) out.utf8(',')
      if (depth < lengths.length - 1) {
        this.#writeText(item, lengths, depth + 1, out, scratch)
      } else if (item === null) {
        out.utf8('NULL')
      } else {
        this.#element.encodeText(this.#checkedElement(item, depth), scratch)
        writeQuoted(scratch.take(), out)
      }
    }
    out.utf8('}')
  }

  #subArray(value: unknown, lengths: readonly number[], depth: number): ArrayValue {
    return checkLength(this.#type, value, depth, lengths[depth] ?? 0, this.#isDimension)
  }

  #checkedElement(item: unknown, depth: number): unknown {
    if (item === undefined || this.#isDimension(item, depth + 1)) throw badElement(this.#type, item)
    return item
  }
}

/** Quotes are legal around every element, and an element without them could be read as NULL. */
function writeQuoted(bytes: Buffer, out: MessageWriter): void {
  out.int8(QUOTE)
  let written = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte !== QUOTE && byte !== BACKSLASH) continue
    out.bytes(bytes.subarray(written, at))
    out.int8(BACKSLASH)
    written = at
  }
  out.bytes(bytes.subarray(written))
  out.int8(QUOTE)
}
