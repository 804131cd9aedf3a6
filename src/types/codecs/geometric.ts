import type { MessageWriter } from '../../protocol/message-writer.js'
import { isString, type TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { printFloat } from './float.js'
import { writeText } from './text.js'

/** A value of the type `point`. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A value of the type `line`: where ax + by + c = 0. */
export interface Line {
  readonly a: number
  readonly b: number
  readonly c: number
}

/** A value of the type `lseg`: its two ends. */
export type LineSegment = readonly [Point, Point]

/** A value of the type `box`. As a parameter any two opposite corners do. */
export interface Box {
  readonly high: Point
  readonly low: Point
}

/** A value of the type `path`, which leads back to its first point if it is `closed`. */
export interface Path {
  readonly closed: boolean
  readonly points: readonly Point[]
}

/** A value of the type `polygon`: its corners. */
export type Polygon = readonly Point[]

/** A value of the type `circle`. */
export interface Circle {
  readonly center: Point
  readonly radius: number
}

const POINT_BYTES = 16
const COUNT_BYTES = 4

const NUMBER = /-?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|Infinity)|NaN/g

/**
 * The numbers in a text as the server prints it.
 * @param shape what is left when each number became `n`.
 */
function numbersIn(
  type: string,
  shape: RegExp,
  buf: Buffer,
  start: number,
  end: number,
): readonly number[] {
  const text = buf.toString('latin1', start, end)
  if (!shape.test(text.replace(NUMBER, 'n'))) throw malformed(type, 'not the text of one')
  return Array.from(text.matchAll(NUMBER), ([number]) => Number(number))
}

function pointsOf(numbers: readonly number[]): Point[] {
  const points: Point[] = []
  for (let i = 0; i + 1 < numbers.length; i += 2) points.push(pointAt(numbers, i))
  return points
}

function pointAt(numbers: readonly number[], index: number): Point {
  return { x: numbers[index] ?? 0, y: numbers[index + 1] ?? 0 }
}

function readPoint(buf: Buffer, at: number): Point {
  return { x: buf.readDoubleBE(at), y: buf.readDoubleBE(at + 8) }
}

/** Reads int32 number of points and that many points, which are all that is left. */
function readPoints(type: string, buf: Buffer, start: number, end: number): Point[] {
  if (end - start < COUNT_BYTES) throw malformed(type, 'shorter than its header')
  const count = buf.readInt32BE(start)
  if (count < 0 || end - start !== COUNT_BYTES + count * POINT_BYTES) {
    throw malformed(type, `${end - start} bytes do not hold ${count} points`)
  }
  const points: Point[] = []
  for (let at = start + COUNT_BYTES; at < end; at += POINT_BYTES) points.push(readPoint(buf, at))
  return points
}

function isPoint(value: unknown): value is Point {
  if (typeof value !== 'object' || value === null) return false
  const { x, y } = value as Record<keyof Point, unknown>
  return typeof x === 'number' && typeof y === 'number'
}

function isPoints(value: unknown): value is readonly Point[] {
  return Array.isArray(value) && value.length > 0 && value.every(isPoint)
}

function writePoint({ x, y }: Point, out: MessageWriter): void {
  out.float64(x)
  out.float64(y)
}

function writePoints(points: readonly Point[], out: MessageWriter): void {
  out.int32(points.length)
  for (const point of points) writePoint(point, out)
}

function pointText({ x, y }: Point): string {
  return `(${printFloat(x)},${printFloat(y)})`
}

/** What makes a codec of one of the types; strings are the server's to read. */
interface GeometricType<T> {
  readonly name: string
  /** What its values look like, for messages. */
  readonly takes: string
  readonly accepts: (value: unknown) => value is T
  readonly decodeText: (buf: Buffer, start: number, end: number) => T
  readonly decodeBinary: (buf: Buffer, start: number, end: number) => T
  readonly print: (value: T) => string
  readonly write: (value: T, out: MessageWriter) => void
  readonly isElement?: (value: object) => boolean
}

function geometricCodec<T>(type: GeometricType<T>): TraitedCodec<T> {
  const { name, isElement } = type
  const checked = (value: unknown): T => {
    if (type.accepts(value)) return value
    throw cannotEncode(name, value, `${type.takes} and PostgreSQL's text`)
  }
  return {
    name,
    decodeText: type.decodeText,
    decodeBinary: type.decodeBinary,
    encodeText(value, out) {
      if (typeof value === 'string') writeText(name, value, out)
      else out.utf8(type.print(checked(value)))
    },
    encodeBinary: (value, out) => type.write(checked(value), out),
    traits: { goesAsText: isString, ...(isElement && { isElement }) },
  }
}

function hasNumbers<K extends string>(
  value: unknown,
  keys: readonly K[],
): value is Record<K, number> {
  if (typeof value !== 'object' || value === null) return false
  return keys.every((key) => typeof (value as Record<string, unknown>)[key] === 'number')
}

/** `point`. */
export const point: TraitedCodec<Point> = geometricCodec<Point>({
  name: 'point',
  takes: 'objects { x, y } of numbers',
  accepts: isPoint,
  decodeText: (buf, start, end) => pointAt(numbersIn('point', /^\(n,n\)$/, buf, start, end), 0),
  decodeBinary(buf, start, end) {
    expectLength('point', start, end, POINT_BYTES)
    return readPoint(buf, start)
  },
  print: pointText,
  write: writePoint,
})

/** `line`. */
export const line: TraitedCodec<Line> = geometricCodec<Line>({
  name: 'line',
  takes: 'objects { a, b, c } of numbers',
  accepts: (value) => hasNumbers(value, ['a', 'b', 'c']),
  decodeText(buf, start, end) {
    const [a = 0, b = 0, c = 0] = numbersIn('line', /^\{n,n,n\}$/, buf, start, end)
    return { a, b, c }
  },
  decodeBinary(buf, start, end) {
    expectLength('line', start, end, 24)
    return {
      a: buf.readDoubleBE(start),
      b: buf.readDoubleBE(start + 8),
      c: buf.readDoubleBE(start + 16),
    }
  },
  print: ({ a, b, c }) => `{${printFloat(a)},${printFloat(b)},${printFloat(c)}}`,
  write({ a, b, c }, out) {
    out.float64(a)
    out.float64(b)
    out.float64(c)
  },
})

/** `lseg`. */
export const lseg: TraitedCodec<LineSegment> = geometricCodec<LineSegment>({
  name: 'lseg',
  takes: 'arrays of two points { x, y }',
  accepts: (value): value is LineSegment => isPoints(value) && value.length === 2,
  decodeText(buf, start, end) {
    const numbers = numbersIn('lseg', /^\[\(n,n\),\(n,n\)\]$/, buf, start, end)
    return [pointAt(numbers, 0), pointAt(numbers, 2)]
  },
  decodeBinary(buf, start, end) {
    expectLength('lseg', start, end, 2 * POINT_BYTES)
    return [readPoint(buf, start), readPoint(buf, start + POINT_BYTES)]
  },
  print: ([from, to]) => `[${pointText(from)},${pointText(to)}]`,
  write([from, to], out) {
    writePoint(from, out)
    writePoint(to, out)
  },
  isElement: isPoints,
})

/** `box`. */
export const box: TraitedCodec<Box> = geometricCodec<Box>({
  name: 'box',
  takes: 'objects { high, low } of points { x, y }',
  accepts(value): value is Box {
    if (typeof value !== 'object' || value === null) return false
    const { high, low } = value as Record<keyof Box, unknown>
    return isPoint(high) && isPoint(low)
  },
  decodeText(buf, start, end) {
    const numbers = numbersIn('box', /^\(n,n\),\(n,n\)$/, buf, start, end)
    return { high: pointAt(numbers, 0), low: pointAt(numbers, 2) }
  },
  decodeBinary(buf, start, end) {
    expectLength('box', start, end, 2 * POINT_BYTES)
    return { high: readPoint(buf, start), low: readPoint(buf, start + POINT_BYTES) }
  },
  print: ({ high, low }) => `${pointText(high)},${pointText(low)}`,
  write({ high, low }, out) {
    writePoint(high, out)
    writePoint(low, out)
  },
})

/** `path`. */
export const path: TraitedCodec<Path> = geometricCodec<Path>({
  name: 'path',
  takes: 'objects { closed, points } with at least one point { x, y }',
  accepts(value): value is Path {
    if (typeof value !== 'object' || value === null) return false
    const { closed, points } = value as Record<keyof Path, unknown>
    return typeof closed === 'boolean' && isPoints(points)
  },
  decodeText(buf, start, end) {
    const shape = /^(?:\(\(n,n\)(?:,\(n,n\))*\)|\[\(n,n\)(?:,\(n,n\))*\])$/
    const points = pointsOf(numbersIn('path', shape, buf, start, end))
    return { closed: buf[start] === 0x28, points }
  },
  decodeBinary(buf, start, end) {
    if (start === end) throw malformed('path', 'shorter than its header')
    return { closed: buf[start] !== 0, points: readPoints('path', buf, start + 1, end) }
  },
  print({ closed, points }) {
    const text = points.map(pointText).join(',')
    return closed ? `(${text})` : `[${text}]`
  },
  write({ closed, points }, out) {
    out.int8(closed ? 1 : 0)
    writePoints(points, out)
  },
})

/** `polygon`. */
export const polygon: TraitedCodec<Polygon> = geometricCodec<Polygon>({
  name: 'polygon',
  takes: 'arrays of at least one point { x, y }',
  accepts: isPoints,
  decodeText: (buf, start, end) =>
    pointsOf(numbersIn('polygon', /^\(\(n,n\)(?:,\(n,n\))*\)$/, buf, start, end)),
  decodeBinary: (buf, start, end) => readPoints('polygon', buf, start, end),
  print: (points) => `(${points.map(pointText).join(',')})`,
  write: writePoints,
  isElement: isPoints,
})

/** `circle`. */
export const circle: TraitedCodec<Circle> = geometricCodec<Circle>({
  name: 'circle',
  takes: 'objects { center, radius } of a point { x, y } and a number',
  accepts: (value): value is Circle =>
    hasNumbers(value, ['radius']) && isPoint((value as Partial<Circle>).center),
  decodeText(buf, start, end) {
    const numbers = numbersIn('circle', /^<\(n,n\),n>$/, buf, start, end)
    return { center: pointAt(numbers, 0), radius: numbers[2] ?? 0 }
  },
  decodeBinary(buf, start, end) {
    expectLength('circle', start, end, 24)
    return { center: readPoint(buf, start), radius: buf.readDoubleBE(start + POINT_BYTES) }
  },
  print: ({ center, radius }) => `<${pointText(center)},${printFloat(radius)}>`,
  write({ center, radius }, out) {
    writePoint(center, out)
    out.float64(radius)
  },
})
