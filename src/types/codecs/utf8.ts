import { canGenerateCode } from '../generated-code.js'

/** Beyond this Node's binding is as fast. */
const MAX_SHORT_LENGTH = 16

/**
 * Decodes UTF-8; what is none becomes U+FFFD.
 *
 * Short strings of ASCII, which names and codes are, are made without a call into Node's binding, in a
 * third of the time. `String.fromCharCode` is fast only with all of its arguments written out.
 */
export const decodeUtf8: (buf: Buffer, start: number, end: number) => string = canGenerateCode()
  ? generateDecoder()
  : utf8Slice

function generateDecoder(): typeof decodeUtf8 {
  const cases = Array.from({ length: MAX_SHORT_LENGTH }, (_, last) => {
    const bytes = Array.from({ length: last + 1 }, (_, i) => `b${i}`)
    return `
      case ${last + 1}: {
        const ${bytes.map((byte, i) => `${byte} = buf[start + ${i}]`).join(', ')}
        if ((${bytes.join(' | ')}) < 0x80) return String.fromCharCode(${bytes.join(', ')})
        break
      }`
  })
  const code = `
    return (buf, start, end) => {
      switch (end - start) {
        case 0: return ''
        ${cases.join('')}
      }
      return utf8Slice(buf, start, end)
    }`
  return new Function('utf8Slice', code)(utf8Slice) as typeof decodeUtf8
}

/** Decodes bytes below 0x80, of which the caller knows that they are such. */
export function decodeAscii(buf: Buffer, start: number, end: number): string {
  return end - start > MAX_SHORT_LENGTH
    ? (buf as SlicingBuffer).latin1Slice(start, end)
    : decodeUtf8(buf, start, end)
}

/** What `toString` calls in the end; it takes a third of the time on its way there. */
interface SlicingBuffer extends Buffer {
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

function utf8Slice(buf: Buffer, start: number, end: number): string {
  return (buf as SlicingBuffer).utf8Slice(start, end)
}
