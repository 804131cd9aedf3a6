import type { MessageWriter } from '../../protocol/message-writer.js'
import { isString, type TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { isArrayValue } from './array-shape.js'
import { printFloat } from './float.js'
import { halfToNumber, numberToHalf } from './half-float.js'
import { writeText } from './text.js'

const HEADER_BYTES = 4
const SPARSE_HEADER_BYTES = 12

const NUMBER = '-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?'
const VECTOR_TEXT = new RegExp(`^\\[${NUMBER}(?:,${NUMBER})*\\]$`)
const SPARSE_TEXT = new RegExp(`^\\{((?:\\d+:${NUMBER}(?:,\\d+:${NUMBER})*)?)\\}/(\\d{1,10})$`)

/** A value of the type `sparsevec`: the elements that are not 0. */
export interface SparseVector {
  readonly dimensions: number
  /** Ascending, the first dimension being 0 (in PostgreSQL's text it is 1). */
  readonly indices: Int32Array
  readonly values: Float32Array
}

/** One of the two dense types: how an element goes into `bytes` bytes and out of them. */
interface DenseType {
  readonly name: 'vector' | 'halfvec'
  readonly bytes: 2 | 4
  readonly read: (buf: Buffer, at: number) => number
  /** Appends a number, or gives false if it does not fit. */
  readonly write: (value: number, out: MessageWriter) => boolean
}

function writeSingle(value: number, out: MessageWriter): boolean {
  out.float32(value)
  return Number.isFinite(Math.fround(value))
}

function writeHalf(value: number, out: MessageWriter): boolean {
  const half = numberToHalf(value)
  out.int16(half ?? 0)
  return half !== undefined
}

/** Binary: int16 number of elements, int16 unused, the elements (vector_send in pgvector's vector.c). */
function decodeDense(
  { name, bytes, read }: DenseType,
  buf: Buffer,
  start: number,
  end: number,
): Float32Array {
  if (end - start < HEADER_BYTES) throw malformed(name, 'shorter than its header')
  const count = buf.readUInt16BE(start)
  expectLength(name, start, end, HEADER_BYTES + count * bytes)
  const vector = new Float32Array(count)
  let at = start + HEADER_BYTES
  for (let i = 0; i < count; i++) {
    vector[i] = read(buf, at)
    at += bytes
  }
  return vector
}

function decodeDenseText(name: string, buf: Buffer, start: number, end: number): Float32Array {
  const text = buf.toString('latin1', start, end)
  if (!VECTOR_TEXT.test(text)) throw malformed(name, 'not numbers between brackets')
  return Float32Array.from(text.slice(1, -1).split(','), Number)
}

/** The numbers of a parameter, each checked by `fits`. */
function numbersOf(
  name: string,
  value: unknown,
  takes: string,
  fits: (item: number) => boolean,
): ArrayLike<number> {
  if (!isArrayValue(value)) throw cannotEncode(name, value, takes)
  for (let i = 0; i < value.length; i++) {
    const item = value[i]
    if (typeof item !== 'number' || !fits(item)) throw cannotEncode(name, item, takes)
  }
  return value as ArrayLike<number>
}

function denseCodec(type: DenseType): TraitedCodec<Float32Array> {
  const { name, write } = type
  const takes = 'arrays and typed arrays of numbers within its range'
  return {
    name,
    decodeText: (buf, start, end) => decodeDenseText(name, buf, start, end),
    decodeBinary: (buf, start, end) => decodeDense(type, buf, start, end),
    encodeText(value, out) {
      if (typeof value === 'string') writeText(name, value, out)
      else
        out.utf8(
          `[${Array.from(numbersOf(name, value, takes, Number.isFinite), printFloat).join(',')}]`,
        )
    },
    encodeBinary(value, out) {
      const numbers = numbersOf(name, value, takes, Number.isFinite)
      out.uint16(numbers.length)
      out.int16(0)
      for (let i = 0; i < numbers.length; i++) {
        if (!write(numbers[i] ?? 0, out)) throw cannotEncode(name, numbers[i], takes)
      }
    },
    traits: {
      goesAsText: isString,
      isElement: (value) => !(Array.isArray(value) && typeof value[0] !== 'number'),
    },
  }
}

/** `vector` of the extension pgvector, a Float32Array. */
export const vector: TraitedCodec<Float32Array> = denseCodec({
  name: 'vector',
  bytes: 4,
  read: (buf, at) => buf.readFloatBE(at),
  write: writeSingle,
})

/** `halfvec` of the extension pgvector, a Float32Array of numbers with 16 bits. */
export const halfvec: TraitedCodec<Float32Array> = denseCodec({
  name: 'halfvec',
  bytes: 2,
  read: (buf, at) => halfToNumber(buf.readUInt16BE(at)),
  write: writeHalf,
})

const SPARSE_TAKES =
  'objects { dimensions, indices, values } with as many indices below dimensions as values'

function sparseOf(value: unknown): SparseVector {
  if (typeof value !== 'object' || value === null) {
    throw cannotEncode('sparsevec', value, SPARSE_TAKES)
  }
  const { dimensions, indices, values } = value as Record<keyof SparseVector, unknown>
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1) {
    throw cannotEncode('sparsevec', value, SPARSE_TAKES)
  }
  const isIndex = (index: number): boolean =>
    Number.isInteger(index) && index >= 0 && index < dimensions
  const checkedIndices = numbersOf('sparsevec', indices, SPARSE_TAKES, isIndex)
  const checkedValues = numbersOf('sparsevec', values, SPARSE_TAKES, (item) =>
    Number.isFinite(Math.fround(item)),
  )
  if (dimensions > 0x7fffffff || checkedIndices.length !== checkedValues.length) {
    throw cannotEncode('sparsevec', value, SPARSE_TAKES)
  }
  return {
    dimensions,
    indices: Int32Array.from(checkedIndices),
    values: Float32Array.from(checkedValues),
  }
}

/**
 * `sparsevec` of the extension pgvector, a {@link SparseVector}.
 *
 * Binary: int32 number of dimensions, int32 number of elements, int32 unused, the indices as int32, the
 * elements as float4 (sparsevec_send in pgvector's sparsevec.c).
 */
export const sparsevec: TraitedCodec<SparseVector> = {
  name: 'sparsevec',
  decodeText(buf, start, end) {
    const match = SPARSE_TEXT.exec(buf.toString('latin1', start, end))
    if (!match) throw malformed('sparsevec', 'not pairs of index and number between braces')
    const pairs = match[1] ? match[1].split(',').map((pair) => pair.split(':')) : []
    return {
      dimensions: Number(match[2]),
      indices: Int32Array.from(pairs, ([index]) => Number(index) - 1),
      values: Float32Array.from(pairs, ([, item]) => Number(item)),
    }
  },
  decodeBinary(buf, start, end) {
    if (end - start < SPARSE_HEADER_BYTES) throw malformed('sparsevec', 'shorter than its header')
    const dimensions = buf.readInt32BE(start)
    const count = buf.readInt32BE(start + 4)
    if (count < 0) throw malformed('sparsevec', `${count} elements`)
    expectLength('sparsevec', start, end, SPARSE_HEADER_BYTES + 8 * count)
    const indices = new Int32Array(count)
    const values = new Float32Array(count)
    for (let i = 0; i < count; i++) {
      const at = start + SPARSE_HEADER_BYTES + 4 * i
      indices[i] = buf.readInt32BE(at)
      values[i] = buf.readFloatBE(at + 4 * count)
    }
    return { dimensions, indices, values }
  },
  encodeText(value, out) {
    if (typeof value === 'string') {
      writeText('sparsevec', value, out)
      return
    }
    const { dimensions, indices, values } = sparseOf(value)
    const pairs = Array.from(indices, (index, i) => `${index + 1}:${printFloat(values[i] ?? 0)}`)
    out.utf8(`{${pairs.join(',')}}/${dimensions}`)
  },
  encodeBinary(value, out) {
    const { dimensions, indices, values } = sparseOf(value)
    out.int32(dimensions)
    out.int32(indices.length)
    out.int32(0)
    for (const index of indices) out.int32(index)
    for (const item of values) out.float32(item)
  },
  traits: { goesAsText: isString },
}
