import { malformed } from '../value-errors.js'

const OPEN = 0x7b
const CLOSE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACKET = 0x5b
const EQUALS = 0x3d

/** The most dimensions of an array (MAXDIM in src/include/utils/array.h). */
export const MAX_DIMENSIONS = 6

const LOWER_BOUNDS = /^(?:\[[+-]?\d+:[+-]?\d+\])+$/
const LOWER_BOUND = /\[([+-]?\d+):/g

type DecodeElement = (buf: Buffer, start: number, end: number) => unknown

/** How the text of an array type is to be read. */
export interface ArrayTextFormat {
  /** Of the array, for messages. */
  readonly name: string
  readonly decodeElement: DecodeElement
  readonly delimiter: ',' | ';'
  readonly keepBounds: boolean
}

/**
 * Reads the text of an array, such as `{{1,NULL},{"a b",""}}`, as nested arrays.
 *
 * @throws {DecodeError} if it is none, or sub-arrays differ in length.
 * @see array_out in src/backend/utils/adt/arrayfuncs.c
 */
export function decodeArrayText(
  format: ArrayTextFormat,
  buf: Buffer,
  start: number,
  end: number,
): unknown[] {
  const bodyStart = findBody(format.name, buf, start, end)
  const reader = new ArrayReader(format, buf, bodyStart, end)
  const array = reader.readAll()
  if (!format.keepBounds || reader.dimensions === 0) return array
  // Bounds are printed only where one of them is not 1.
  const printed = buf.toString('latin1', start, bodyStart).matchAll(LOWER_BOUND)
  const bounds = Array.from(printed, (match) => Number(match[1]))
  return withLowerBounds(array, bounds.length > 0 ? bounds : Array(reader.dimensions).fill(1))
}

/** Gives an array the property `lowerBounds`. */
export function withLowerBounds(array: unknown[], lowerBounds: readonly number[]): unknown[] {
  return Object.assign(array, { lowerBounds })
}

function findBody(type: string, buf: Buffer, start: number, end: number): number {
  if (start === end || buf[start] !== BRACKET) return start
  const equals = buf.subarray(start, end).indexOf(EQUALS)
  if (equals < 0 || !LOWER_BOUNDS.test(buf.toString('latin1', start, start + equals))) {
    throw malformed(type, 'broken bounds of dimensions')
  }
  return start + equals + 1
}

class ArrayReader {
  readonly #type: string
  readonly #decodeElement: DecodeElement
  readonly #delimiter: number
  readonly #buf: Buffer
  readonly #end: number
  #at: number
  /** Lengths of the dimensions as far as they are known. */
  readonly #lengths: number[] = []
  /** Depth at which the elements are, 0 until the first was met. */
  #leafDepth = 0

  constructor(format: ArrayTextFormat, buf: Buffer, start: number, end: number) {
    this.#type = format.name
    this.#decodeElement = format.decodeElement
    this.#delimiter = format.delimiter.charCodeAt(0)
    this.#buf = buf
    this.#at = start
    this.#end = end
  }

  /** How many dimensions were read; none in an empty array. */
  get dimensions(): number {
    return this.#leafDepth
  }

  readAll(): unknown[] {
    const array = this.#readArray(1)
    if (this.#at !== this.#end) throw this.#broken('something behind the end')
    return array
  }

  #readArray(depth: number): unknown[] {
    if (this.#peek() !== OPEN) throw this.#broken('no opening brace')
    if (depth > MAX_DIMENSIONS) throw this.#broken(`more than ${MAX_DIMENSIONS} dimensions`)
    this.#at++
    const array: unknown[] = []
    if (this.#peek() === CLOSE) {
      // Only an array without any element has braces without content.
      if (depth > 1) throw this.#broken('an empty dimension')
      this.#at++
      return array
    }
    for (;;) {
      array.push(this.#peek() === OPEN ? this.#readArray(depth + 1) : this.#readElement(depth))
      const separator = this.#peek()
      this.#at++
      if (separator === CLOSE) break
      if (separator !== this.#delimiter) throw this.#broken('no delimiter between elements')
    }
    this.#lengths[depth] ??= array.length
    if (this.#lengths[depth] !== array.length) throw this.#broken('sub-arrays of different lengths')
    return array
  }

  #readElement(depth: number): unknown {
    if (this.#leafDepth === 0) this.#leafDepth = depth
    if (this.#leafDepth !== depth) throw this.#broken('elements at different depths')
    if (this.#peek() === QUOTE) return this.#readQuoted()
    const start = this.#at
    while (this.#peek() !== this.#delimiter && this.#peek() !== CLOSE) {
      if (this.#peek() === QUOTE || this.#peek() === OPEN) throw this.#broken('a stray character')
      this.#at += this.#peek() === BACKSLASH ? 2 : 1
    }
    if (this.#at === start) throw this.#broken('an empty element')
    return this.#isNull(start) ? null : this.#decodeUnescaped(start, this.#at)
  }

  #isNull(start: number): boolean {
    return this.#at - start === 4 && this.#buf.toString('latin1', start, this.#at) === 'NULL'
  }

  #readQuoted(): unknown {
    const start = ++this.#at
    while (this.#peek() !== QUOTE) this.#at += this.#peek() === BACKSLASH ? 2 : 1
    return this.#decodeUnescaped(start, this.#at++)
  }

  #decodeUnescaped(start: number, end: number): unknown {
    const backslash = this.#buf.subarray(start, end).indexOf(BACKSLASH)
    if (backslash < 0) return this.#decodeElement(this.#buf, start, end)
    const plain = Buffer.allocUnsafe(end - start)
    let length = 0
    for (let at = start; at < end; at++) {
      if (this.#buf[at] === BACKSLASH) at++
      plain[length++] = this.#buf.readUInt8(at)
    }
    return this.#decodeElement(plain, 0, length)
  }

  #peek(): number {
    if (this.#at >= this.#end) throw this.#broken('it ends too early')
    return this.#buf.readUInt8(this.#at)
  }

  #broken(what: string): Error {
    return malformed(this.#type, what)
  }
}
