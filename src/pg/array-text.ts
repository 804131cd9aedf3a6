import { decodeArrayText } from '../types/codecs/array-text.js'

/**
 * Reads the text of an array: nested arrays, in which NULL is null. Lower bounds are dropped.
 * @throws {DecodeError} if it is none
 */
export function parseArrayText(text: string, parseElement: (text: string) => unknown): unknown[] {
  const bytes = Buffer.from(text)
  return decodeArrayWindow(parseElement)(bytes, 0, bytes.length)
}

/** As {@link parseArrayText}, from bytes. */
export function decodeArrayWindow(
  parseElement: (text: string) => unknown,
): (buf: Buffer, start: number, end: number) => unknown[] {
  const format = {
    name: 'array',
    decodeElement: (buf: Buffer, start: number, end: number): unknown =>
      parseElement(buf.toString('utf8', start, end)),
    delimiter: ',',
    keepBounds: false,
  } as const
  return (buf, start, end) => {
    const text = buf.toString('utf8', start, end)
    return isFlat(text) ? splitFlat(text, parseElement) : decodeArrayText(format, buf, start, end)
  }
}

/** One dimension from 1, and nothing in quotes or escaped: then commas are separators, all of them. */
function isFlat(text: string): boolean {
  return (
    text.startsWith('{') &&
    text.endsWith('}') &&
    !text.includes('"') &&
    !text.includes('\\') &&
    text.indexOf('{', 1) < 0
  )
}

function splitFlat(text: string, parseElement: (text: string) => unknown): unknown[] {
  if (text.length === 2) return []
  const values: unknown[] = text.slice(1, -1).split(',')
  for (let i = 0; i < values.length; i++) {
    values[i] = values[i] === 'NULL' ? null : parseElement(values[i] as string)
  }
  return values
}
