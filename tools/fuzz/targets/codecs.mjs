/** Every built-in codec, text and binary: a value or a DecodeError, and nothing read outside the window. */
import { DecodeError } from '../../../build/base/errors.js'
import { OIDS } from '../../../build/types/oid.js'
import { TypeMap } from '../../../build/types/type-map.js'
import { mustBe } from '../outcome.mjs'

const codecs = Object.values(OIDS).map((oid) => TypeMap.builtin.get(oid))

/** The first two bytes say which codec, the third which format. */
export function fuzz(data) {
  const [high = 0, low = 0, format = 0] = data
  const codec = codecs[(high * 256 + low) % codecs.length]
  const decode = format % 2 === 0 ? codec.decodeText : codec.decodeBinary
  if (decode === undefined) return
  const bytes = data.subarray(3)
  const between = (filler) => {
    const around = Buffer.alloc(bytes.length + 32, filler)
    bytes.copy(around, 16)
    try {
      return String(Reflect.apply(decode, codec, [around, 16, 16 + bytes.length]))
    } catch (error) {
      mustBe(error, DecodeError)
      return error.message
    }
  }
  if (between(0x00) !== between(0xff)) throw new Error(`${codec.name} reads outside its window`)
}
