import type { Codec } from './codec.js'

/** What generated code calls when a row is not as it should be. Both give the error to throw. */
export interface RowFailures {
  /** The lengths do not add up; throws the error that says how. */
  badRow(buf: Buffer, start: number, end: number): Error
  /** What the decoder of a column has thrown. */
  badColumn(error: unknown, column: number): unknown
}

type Decode = Codec['decodeText']
type GeneratedDecoder = (buf: Buffer, start: number, end: number) => unknown

let isAllowed: boolean | undefined

/** Whether this runtime lets code be made from text; `--disallow-code-generation-from-strings` does not. */
export function canGenerateCode(): boolean {
  if (isAllowed === undefined) {
    try {
      new Function('')
      isAllowed = true
    } catch {
      isAllowed = false
    }
  }
  return isAllowed
}

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
  const row =
    names === undefined
      ? `[${values.join(', ')}]`
      : `{ ${names.map((name, i) => `${keyOf(name)}: v${i}`).join(', ')} }`
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
      return ${row}
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

function keyOf(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}
