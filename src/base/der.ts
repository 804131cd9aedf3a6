/** An element of DER: its tag, and where its contents lie. */
export interface DerElement {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** The element at `start`, if it lies before `end`. Tags of one byte only, which are those of certificates. */
export function derElement(der: Uint8Array, start: number, end: number): DerElement | undefined {
  if (start + 2 > end) return undefined
  const tag = der[start] ?? 0
  const length = der[start + 1] ?? 0
  if (length < 0x80) return within(tag, start + 2, length, end)
  // The long form: how many bytes of length follow. No certificate needs more than four.
  const count = length & 0x7f
  if (count === 0 || count > 4 || start + 2 + count > end) return undefined
  let size = 0
  for (let i = 0; i < count; i++) size = size * 256 + (der[start + 2 + i] ?? 0)
  return within(tag, start + 2 + count, size, end)
}

function within(tag: number, start: number, size: number, end: number): DerElement | undefined {
  return start + size <= end ? { tag, start, end: start + size } : undefined
}
