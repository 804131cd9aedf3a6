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
  return (buf, start, end) => decodeArrayText(format, buf, start, end)
}
