/**
 * Writers for the part of DER (ITU-T X.690) that an X.509 certificate is made of. Each gives one
 * complete element: tag, length, content.
 */

/** Tags of the universal class that certificates use; the constructed ones carry bit 0x20. */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const

/** Writes one element with any tag. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

/** Writes a SEQUENCE of the given elements. */
export function sequence(...elements: readonly Uint8Array[]): Buffer {
  return element(TAG.sequence, ...elements)
}

/** Writes a SET of one element; more would have to be sorted. */
export function set(only: Uint8Array): Buffer {
  return element(TAG.set, only)
}

/** Writes a BOOLEAN that is true; false is a default and, in DER, left out. */
export function yes(): Buffer {
  return element(TAG.boolean, Buffer.from([0xff]))
}

/** Writes an INTEGER that is not negative, given as big-endian bytes of any length but 0. */
export function unsignedInteger(bytes: Uint8Array): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  const needsSign = ((digits[0] ?? 0) & 0x80) !== 0
  return element(TAG.integer, Buffer.from(needsSign ? [0] : []), digits)
}

/** Writes an OBJECT IDENTIFIER given in dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(TAG.objectIdentifier, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** Writes a UTF8String. */
export function utf8String(text: string): Buffer {
  return element(TAG.utf8String, Buffer.from(text))
}

/** Writes an OCTET STRING. */
export function octetString(bytes: Uint8Array): Buffer {
  return element(TAG.octetString, bytes)
}

/** Writes a BIT STRING; `unusedBits` of the last byte, 0 to 7, do not count. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(TAG.bitString, Buffer.from([unusedBits]), bytes)
}

/** Writes a moment to the second: UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(moment: Date): Buffer {
  const digits = moment
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  return moment.getUTCFullYear() < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits))
}

/** Writes a constructed element of the context-specific class: an EXPLICIT tag. */
export function explicit(number: number, content: Uint8Array): Buffer {
  return element(0xa0 | number, content)
}

/** Writes a primitive element of the context-specific class: an IMPLICIT tag over bytes. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return element(0x80 | number, content)
}

function length(count: number): Buffer {
  if (count < 0x80) return Buffer.from([count])
  const digits: number[] = []
  for (let rest = count; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Buffer.from([0x80 | digits.length, ...digits])
}

function base128(value: number): number[] {
  const digits = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift(0x80 | (rest % 128))
  }
  return digits
}
