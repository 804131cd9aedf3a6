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

/** What `toString` calls in the end; it takes a third of the time on its way there. */
function utf8Slice(buf: Buffer, start: number, end: number): string {
  return (buf as Buffer & { utf8Slice(start: number, end: number): string }).utf8Slice(start, end)
}
