import { EncodeError } from '../../base/errors.js'
import { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import {
  type ArrayValue,
  badElement,
  checkLength,
  dimensionsOf,
  type IsDimension,
} from './array-shape.js'
import { writePlainElements } from './plain-elements.js'
import { writeQuoted } from './quoted-text.js'
import { writeText } from './text.js'

const NULL = -1

const MIN_INT32 = -0x80000000
const MAX_INT32 = 0x7fffffff

/** What the encoders of an array type have to know of it. */
export interface ArrayType {
  /** Of the array, for messages. */
  readonly name: string
  readonly elementOid: number
  readonly element: TraitedCodec
  readonly isDimension: IsDimension
  readonly delimiter: ',' | ';'
}

/** Writes arrays of one type. The first element of each dimension says how long the others have to be. */
export class ArrayEncoder {
  readonly #type: ArrayType

  constructor(type: ArrayType) {
    this.#type = type
  }

  encodeBinary(value: unknown, out: MessageWriter): void {
    const { name, elementOid, isDimension } = this.#type
    const lengths = dimensionsOf(name, value, isDimension)
    const lowerBounds = lowerBoundsOf(name, value, lengths.length)
    const header = out.length
    const isEmpty = lengths.includes(0)
    out.int32(isEmpty ? 0 : lengths.length)
    out.int32(0)
    out.int32(elementOid)
    for (let i = 0; i < lengths.length && !isEmpty; i++) {
      out.int32(lengths[i] ?? 0)
      out.int32(lowerBounds?.[i] ?? 1)
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
    if (depth === lengths.length - 1) return this.#writeElements(array, depth, out)
    let hasNull = false
    for (let i = 0; i < array.length; i++) {
      if (this.#writeBinary(array[i], lengths, depth + 1, out)) hasNull = true
    }
    return hasNull
  }

  #writeElements(array: ArrayValue, depth: number, out: MessageWriter): boolean {
    const { layout } = this.#type.element
    let hasNull = false
    for (let i = 0; i < array.length; i++) {
      // Most often that is all of them.
      if (layout !== undefined) i = writePlainElements(layout, array, i, out)
      if (i === array.length) break
      const item = array[i]
      if (item === null) {
        hasNull = true
        out.int32(NULL)
      } else {
        const position = out.beginValue()
        this.#type.element.encodeBinary?.(this.#checkedElement(item, depth), out)
        out.endValue(position)
      }
    }
    return hasNull
  }

  encodeText(value: unknown, out: MessageWriter): void {
    const { name, isDimension } = this.#type
    if (typeof value === 'string') {
      writeText(name, value, out)
      return
    }
    const lengths = dimensionsOf(name, value, isDimension)
    const lowerBounds = lowerBoundsOf(name, value, lengths.length)
    // Elements must be looked through for characters to escape, and `out` cannot be read.
    const scratch = new MessageWriter()
    if (lengths.includes(0)) {
      // Written all the same, for the checks.
      this.#writeText(value, lengths, 0, scratch, scratch)
      out.utf8('{}')
      return
    }
    if (lowerBounds) out.utf8(`${boundsText(lengths, lowerBounds)}=`)
    this.#writeText(value, lengths, 0, out, scratch)
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
      if (i > 0) out.utf8(this.#type.delimiter)
      if (depth < lengths.length - 1) {
        this.#writeText(item, lengths, depth + 1, out, scratch)
      } else if (item === null) {
        out.utf8('NULL')
      } else {
        this.#type.element.encodeText(this.#checkedElement(item, depth), scratch)
        writeQuoted(scratch.take(), out)
      }
    }
    out.utf8('}')
  }

  #subArray(value: unknown, lengths: readonly number[], depth: number): ArrayValue {
    const { name, isDimension } = this.#type
    return checkLength(name, value, depth, lengths[depth] ?? 0, isDimension)
  }

  #checkedElement(item: unknown, depth: number): unknown {
    const { name, isDimension } = this.#type
    if (item === undefined || isDimension(item, depth + 1)) throw badElement(name, item)
    return item
  }
}

/** The property `lowerBounds` that an array may have, one for each dimension. */
function lowerBoundsOf(
  type: string,
  value: unknown,
  dimensions: number,
): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined
  const { lowerBounds } = value as { lowerBounds?: unknown }
  if (lowerBounds === undefined) return undefined
  const isValid =
    Array.isArray(lowerBounds) &&
    lowerBounds.length === dimensions &&
    lowerBounds.every((n) => Number.isInteger(n) && n >= MIN_INT32 && n <= MAX_INT32)
  if (isValid) return lowerBounds
  throw new EncodeError(
    `lowerBounds of an array sent as ${type} must be one integer of 32 bits for each dimension`,
    { type },
  )
}

function boundsText(lengths: readonly number[], lowerBounds: readonly number[]): string {
  return lengths
    .map((length, i) => {
      const lower = lowerBounds[i] ?? 1
      return `[${lower}:${lower + length - 1}]`
    })
    .join('')
}
