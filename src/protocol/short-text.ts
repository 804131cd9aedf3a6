/** Texts up to here are written faster by a loop than by a call into Node's binding, in UTF-16 code units. */
export const MAX_SHORT_TEXT = 24

/**
 * Writes a text of ASCII without NUL at `at`, where there must be room for it (`npm run bench:micro -- encoders`).
 * @returns the position behind it, or −1 if it has other characters; what was written then means nothing.
 */
export function writeShortText(text: string, buf: Uint8Array, at: number): number {
  const { length } = text
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    // NUL becomes the greatest number here.
    if ((code - 1) >>> 0 >= 0x7f) return -1
    buf[at + i] = code
  }
  return at + length
}
