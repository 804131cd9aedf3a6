/**
 * Bytes as one writes them down: `hex("C 0000000f 'INSERT 0 5' 00")`.
 *
 * Words are separated by blanks. One character alone is that ASCII character, which serves for type
 * bytes; text between apostrophes is its UTF-8; everything else is pairs of hexadecimal digits.
 */
export function hex(notation: string): Buffer {
  return concat(...(notation.match(/'[^']*'|\S+/g) ?? []).map(word))
}

function word(text: string): Buffer {
  if (text.startsWith("'")) return Buffer.from(text.slice(1, -1), 'utf8')
  if (text.length === 1) return Buffer.from(text, 'latin1')
  if (!/^([0-9a-f]{2})+$/i.test(text)) throw new Error(`${text} is not hexadecimal`)
  return Buffer.from(text, 'hex')
}

/** All the parts in one new buffer. */
export function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}

/** A message with a true length; `code` is its type byte, as a number or as a character. */
export function message(code: number | string, ...body: readonly Uint8Array[]): Buffer {
  const content = concat(...body)
  const header = Buffer.alloc(5)
  header[0] = typeof code === 'number' ? code : code.charCodeAt(0)
  header.writeInt32BE(content.length + 4, 1)
  return concat(header, content)
}

/** `bytes` cut at each of `positions`, which may come in any order and more than once. */
export function cutAt(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const borders = [...positions, bytes.length].sort((a, b) => a - b)
  return borders.map((end, i) => bytes.subarray(i === 0 ? 0 : borders[i - 1], end))
}

/** Each byte in a buffer of its own. */
export function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte))
}
