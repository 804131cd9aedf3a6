/**
 * Decodes UTF-8.
 *
 * Strings of up to eight ASCII characters, which names and codes are, are made without a call into
 * Node's binding, in a half to a third of the time. `String.fromCharCode` is fast only with all of
 * its arguments written out.
 */
export function decodeUtf8(buf: Buffer, start: number, end: number): string {
  const length = end - start
  if (length > 8) return buf.toString('utf8', start, end)
  const a = length > 0 ? (buf[start] ?? 0) : 0
  const b = length > 1 ? (buf[start + 1] ?? 0) : 0
  const c = length > 2 ? (buf[start + 2] ?? 0) : 0
  const d = length > 3 ? (buf[start + 3] ?? 0) : 0
  const e = length > 4 ? (buf[start + 4] ?? 0) : 0
  const f = length > 5 ? (buf[start + 5] ?? 0) : 0
  const g = length > 6 ? (buf[start + 6] ?? 0) : 0
  const h = length > 7 ? (buf[start + 7] ?? 0) : 0
  switch (length) {
    case 0:
      return ''
    case 1:
      if (a < 0x80) return String.fromCharCode(a)
      break
    case 2:
      if ((a | b) < 0x80) return String.fromCharCode(a, b)
      break
    case 3:
      if ((a | b | c) < 0x80) return String.fromCharCode(a, b, c)
      break
    case 4:
      if ((a | b | c | d) < 0x80) return String.fromCharCode(a, b, c, d)
      break
    case 5:
      if ((a | b | c | d | e) < 0x80) return String.fromCharCode(a, b, c, d, e)
      break
    case 6:
      if ((a | b | c | d | e | f) < 0x80) return String.fromCharCode(a, b, c, d, e, f)
      break
    case 7:
      if ((a | b | c | d | e | f | g) < 0x80) return String.fromCharCode(a, b, c, d, e, f, g)
      break
    case 8:
      if ((a | b | c | d | e | f | g | h) < 0x80) {
        return String.fromCharCode(a, b, c, d, e, f, g, h)
      }
  }
  return buf.toString('utf8', start, end)
}
