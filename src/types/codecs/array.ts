import type { MessageWriter } from '../../protocol/message-writer.js'
import type { BinaryLayout } from '../binary-layout.js'
import { viewOf } from '../buffer-view.js'
import type { Codec } from '../codec.js'
import { isString, type TraitedCodec, traitsOf } from '../codec-traits.js'
import { TableRows } from '../table-rows.js'
import { malformed } from '../value-errors.js'
import { ArrayEncoder } from './array-encoder.js'
import { type ArrayValue, type IsDimension, isArrayValue } from './array-shape.js'
import { decodeArrayText, MAX_DIMENSIONS, withLowerBounds } from './array-text.js'
import { isReadPlainly, readPlainElements } from './plain-elements.js'

const HEADER_BYTES = 12
const DIMENSION_BYTES = 8
const LENGTH_BYTES = 4
const NULL = -1

/** Longer arrays are better grown: V8 gives one that is made with its length another form from some size on. */
const MOST_AT_ONCE = 1_000_000

/** What may differ between array types. */
export interface ArrayCodecOptions {
  /** `'keep'`: arrays get the lower bounds of their dimensions as a property `lowerBounds`. Default `'drop'`. */
  readonly lowerBounds?: 'drop' | 'keep'
  /** What stands between elements in text (`pg_type.typdelim`): `;` for box, `,` for all else. */
  readonly delimiter?: ',' | ';'
}

/**
 * Makes the codec of the arrays of a type: nested JavaScript arrays of up to six dimensions, in which
 * null is NULL. An array with a property `lowerBounds` is sent with these; a string is text for the
 * server to read.
 *
 * It is binary as far as the codec of the elements is.
 *
 * @param elementOid the OID of the type of the elements, which the binary form states.
 */
export function arrayCodec(
  elementOid: number,
  element: TraitedCodec,
  options: ArrayCodecOptions = {},
): TraitedCodec<unknown[]> {
  const name = `_${element.name}`
  const { delimiter = ',' } = options
  const keepBounds = options.lowerBounds === 'keep'
  const isDimension = dimensionTest(element)
  const encoder = new ArrayEncoder({ name, elementOid, element, isDimension, delimiter })
  const { decodeBinary } = element
  const layout = isReadPlainly(element.layout) ? element.layout : undefined
  return {
    name,
    decodeText: (buf, start, end) =>
      decodeArrayText(
        { name, decodeElement: element.decodeText, delimiter, keepBounds },
        buf,
        start,
        end,
      ),
    ...(decodeBinary && {
      decodeBinary: (buf: Buffer, start: number, end: number): unknown[] =>
        decodeArray({ name, elementOid, decodeBinary, layout, keepBounds }, buf, start, end),
    }),
    encodeText(value, out) {
      if (value instanceof TableRows) value.encodeText(element, out)
      else encoder.encodeText(value, out)
    },
    ...(element.encodeBinary && {
      encodeBinary(value: unknown, out: MessageWriter): void {
        if (value instanceof TableRows) value.encodeBinary(elementOid, element, out)
        else encoder.encodeBinary(value, out)
      },
    }),
    traits: { goesAsText: textTest(element) },
  }
}

/** Whether an array has an element that goes as text, or is text itself. */
function textTest(element: TraitedCodec): (value: unknown) => boolean {
  const { goesAsText } = traitsOf(element)
  if (goesAsText === undefined) return isString
  // No deeper than arrays can be, since the value may contain itself.
  const search = (value: unknown, depth: number): boolean => {
    if (!Array.isArray(value)) return goesAsText(value)
    if (depth > 0 && goesAsText(value)) return true
    return depth < MAX_DIMENSIONS && value.some((item) => search(item, depth + 1))
  }
  return (value) => {
    if (value instanceof TableRows) return value.goesAsText(element)
    return isString(value) || search(value, 0)
  }
}

function dimensionTest(element: TraitedCodec): IsDimension {
  const { isElement } = traitsOf(element)
  if (isElement === undefined) return isArrayValue
  return (value, depth): value is ArrayValue =>
    Array.isArray(value) && (depth === 0 || !isElement(value))
}

/** What has to be known to read binary arrays of a type. */
interface BinaryArray {
  readonly name: string
  readonly elementOid: number
  readonly decodeBinary: NonNullable<Codec['decodeBinary']>
  /** Of elements that need no call of it. */
  readonly layout: BinaryLayout | undefined
  readonly keepBounds: boolean
}

/**
 * Reads a binary array: int32 number of dimensions, flags and OID of the elements; length and lower
 * bound of each dimension; each element with its length, −1 for NULL.
 *
 * @see array_send in src/backend/utils/adt/arrayfuncs.c
 */
function decodeArray(array: BinaryArray, buf: Buffer, start: number, end: number): unknown[] {
  const { name: type, elementOid, keepBounds } = array
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
  const reader = new ElementReader(array, buf, elementsStart, end)
  const value = reader.readDimension(lengths, 0)
  reader.expectEnd()
  if (!keepBounds) return value
  const bounds = lengths.map((_, i) =>
    buf.readInt32BE(start + HEADER_BYTES + i * DIMENSION_BYTES + 4),
  )
  return withLowerBounds(value, bounds)
}

class ElementReader {
  readonly #type: string
  readonly #decodeElement: NonNullable<Codec['decodeBinary']>
  readonly #layout: BinaryLayout | undefined
  readonly #buf: Buffer
  readonly #end: number
  #at: number

  constructor(
    { name, decodeBinary, layout }: BinaryArray,
    buf: Buffer,
    start: number,
    end: number,
  ) {
    this.#type = name
    this.#decodeElement = decodeBinary
    this.#layout = layout
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
    if (this.#layout !== undefined && length <= MOST_AT_ONCE) {
      // To give it its length at once is three times as fast as to let it grow.
      const plain: unknown[] = new Array(length)
      const next = readPlainElements(this.#layout, viewOf(buf), this.#at, end, plain)
      if (next >= 0) {
        this.#at = next
        return plain
      }
    }
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
