import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8 } from '../../../src/types/codecs/utf8.js'

test('text of any length is what Node makes of it', () => {
  const texts = fc.string({
    unit: fc.constantFrom('a', '\u007f', '\0', 'é', '€', '𝄞'),
    maxLength: 24,
  })
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(text)
      const around = Buffer.concat([Buffer.from('é'), bytes, Buffer.from('é')])
      expect(decodeUtf8(around, 2, 2 + bytes.length)).toBe(text)
    }),
    { numRuns: 1000 },
  )
})

test('bytes that are no UTF-8 become U+FFFD, as Node has it', () => {
  for (const bytes of [[0xff], [0x61, 0xc3], [0xe2, 0x82], [0x61, 0x62, 0x63, 0x80]]) {
    const buf = Buffer.from(bytes)
    expect(decodeUtf8(buf, 0, buf.length)).toBe(buf.toString())
  }
})
