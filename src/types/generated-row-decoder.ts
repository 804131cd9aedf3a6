import { viewOf } from './buffer-view.js'
import type { Codec } from './codec.js'
import { bool } from './codecs/bool.js'
import { float8 } from './codecs/float.js'
import { int2, int4, oid } from './codecs/integer.js'

/** What generated code calls when a row is not as it should be. Both give the error to throw. */
export interface RowFailures {
  /** The lengths do not add up; throws the error that says how. */
  badRow(buf: Buffer, start: number, end: number): Error
  /** What the decoder of a column has thrown. */
  badColumn(error: unknown, column: number): unknown
}

type Decode = Codec['decodeText']
type GeneratedDecoder = (buf: Buffer, start: number, end: number) => unknown

/**
 * Decodes the DataRows, messages as they are, that begin at `start` and end before `end`, and appends
 * them to `rows`. Gives where it stopped: before the first message that is something else, has a body
 * over `maxBodyBytes`, or would not decode; what is wrong with that one {@link RowDecoder} says.
 */
export type RunDecoder = (
  buf: Buffer,
  start: number,
  end: number,
  maxBodyBytes: number,
  rows: unknown[],
) => number

/**
 * Makes the decoder of rows with these columns: straight-line code that ends in an object literal,
 * which is cheaper than a loop that adds property by property (`npm run bench:micro -- rows`).
 *
 * No text of the server becomes code: the names of columns go in as JSON strings, `__proto__` as a
 * computed key, which makes an ordinary property of it, and decoders come as arguments.
 *
 * @param names undefined for rows as arrays
 */
export function generateRowDecoder(
  decoders: readonly Decode[],
  names: readonly string[] | undefined,
  failures: RowFailures,
): GeneratedDecoder {
  const values = decoders.map((_, i) => `v${i}`)
  const code = `
    const { badRow, badColumn } = failures
    ${decoders.map((_, i) => `const d${i} = decoders[${i}]`).join('\n')}
    return (buf, start, end) => {
      if (end - start < 2 || (buf[start] << 8 | buf[start + 1]) !== ${decoders.length}) {
        throw badRow(buf, start, end)
      }
      let at = start + 2, length = 0, column = 0, isWhole = false
      ${values.map((value) => `let ${value} = null`).join('\n')}
      try {
        read: {
          ${decoders.map((_, i) => columnCode(i)).join('\n')}
          isWhole = at === end
        }
      } catch (error) {
        throw badColumn(error, column)
      }
      if (!isWhole) throw badRow(buf, start, end)
      return ${rowCode(values, names)}
    }`
  return new Function('decoders', 'failures', code)(decoders, failures) as GeneratedDecoder
}

/** Reads the value of one column into its variable; leaves the block `read` where lengths do not fit. */
function columnCode(i: number): string {
  return `
    column = ${i}
    if (end - at < 4) break read
    length = buf[at] << 24 | buf[at + 1] << 16 | buf[at + 2] << 8 | buf[at + 3]
    at += 4
    if (length >= 0) {
      if (length > end - at) break read
      v${i} = d${i}(buf, at, at += length)
    } else if (length !== -1) break read`
}

/** What values of these types have in a row: their bytes, and the expression that reads them there. */
const INLINE: ReadonlyMap<unknown, readonly [bytes: number, expression: string]> = new Map<
  unknown,
  readonly [number, string]
>([
  [bool.decodeBinary, [1, 'buf[at] !== 0']],
  [int2.decodeBinary, [2, 'view.getInt16(at)']],
  [int4.decodeBinary, [4, 'view.getInt32(at)']],
  [oid.decodeBinary, [4, 'view.getUint32(at)']],
  [float8.decodeBinary, [8, 'view.getFloat64(at)']],
])

/**
 * As {@link generateRowDecoder}, for all rows that have arrived: one call for them instead of some for
 * each, and values of the commonest types without any.
 */
export function generateRunDecoder(
  decoders: readonly Decode[],
  names: readonly string[] | undefined,
): RunDecoder {
  const values = decoders.map((_, i) => `v${i}`)
  const code = `
    ${decoders.map((_, i) => `const d${i} = decoders[${i}]`).join('\n')}
    return (buf, start, end, maxBodyBytes, rows) => {
      const view = viewOf(buf)
      let row = start
      try {
        while (end - row >= 7 && buf[row] === 0x44) {
          const size = view.getInt32(row + 1)
          const next = row + 1 + size
          if (size < 6 || size - 4 > maxBodyBytes || next > end) break
          if (view.getUint16(row + 5) !== ${decoders.length}) break
          let at = row + 7, length = 0
          ${values.map((value) => `let ${value} = null`).join('\n')}
          ${decoders.map((decode, i) => runColumnCode(decode, i)).join('\n')}
          if (at !== next) break
          rows.push(${rowCode(values, names)})
          row = next
        }
      } catch {}
      return row
    }`
  return new Function('decoders', 'viewOf', code)(decoders, viewOf) as RunDecoder
}

/** Reads the value of one column into its variable; leaves the loop where lengths do not fit. */
function runColumnCode(decode: Decode, i: number): string {
  const [bytes, expression] = INLINE.get(decode) ?? []
  const read =
    bytes === undefined
      ? `if (length >= 0) {
           if (length > next - at) break
           v${i} = d${i}(buf, at, at += length)
         }`
      : `if (length === ${bytes}) {
           if (${bytes} > next - at) break
           v${i} = ${expression}
           at += ${bytes}
         }`
  return `
    if (next - at < 4) break
    length = view.getInt32(at)
    at += 4
    ${read} else if (length !== -1) break`
}

function rowCode(values: readonly string[], names: readonly string[] | undefined): string {
  return names === undefined
    ? `[${values.join(', ')}]`
    : `{ ${names.map((name, i) => `${keyOf(name)}: v${i}`).join(', ')} }`
}

function keyOf(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}
