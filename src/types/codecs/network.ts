import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { expectLength, malformed } from '../value-errors.js'
import { parseAddress, printAddress } from './network-text.js'
import { stringCodec } from './server-text.js'

const HEADER_BYTES = 4
/** PGSQL_AF_INET and PGSQL_AF_INET6 in src/include/utils/inet.h. */
const FAMILY_IPV4 = 2
const FAMILY_IPV6 = 3

/**
 * Reads a binary address: bytes for the family, the bits of the network, whether it is a cidr, and the
 * length of the address, then the address (network_send in src/backend/utils/adt/network.c).
 */
function decodeNetwork(type: 'inet' | 'cidr', buf: Buffer, start: number, end: number): string {
  if (end - start < HEADER_BYTES) throw malformed(type, 'shorter than its header')
  const family = buf.readUInt8(start)
  const bits = buf.readUInt8(start + 1)
  const length = buf.readUInt8(start + 3)
  if (family !== FAMILY_IPV4 && family !== FAMILY_IPV6) throw malformed(type, 'an unknown family')
  if (length !== (family === FAMILY_IPV4 ? 4 : 16)) {
    throw malformed(type, `an address of ${length} bytes`)
  }
  expectLength(type, start, end, HEADER_BYTES + length)
  if (bits > length * 8) throw malformed(type, `a network of ${bits} bits`)
  const address = printAddress(buf.subarray(start + HEADER_BYTES, end))
  return type === 'inet' && bits === length * 8 ? address : `${address}/${bits}`
}

function writeNetwork(type: 'inet' | 'cidr', text: string, out: MessageWriter): boolean {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text)
  const bytes = match ? parseAddress(match[1] ?? '') : undefined
  if (!bytes) return false
  const bits = Number(match?.[2] ?? bytes.length * 8)
  if (bits > bytes.length * 8) return false
  out.int8(bytes.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6)
  out.int8(bits)
  out.int8(type === 'cidr' ? 1 : 0)
  out.int8(bytes.length)
  out.bytes(bytes)
  return true
}

function networkCodec(type: 'inet' | 'cidr'): TraitedCodec<string> {
  return stringCodec(type, {
    decode: (buf, start, end) => decodeNetwork(type, buf, start, end),
    encode: (text, out) => writeNetwork(type, text, out),
  })
}

/** `inet`, as text. */
export const inet: TraitedCodec<string> = networkCodec('inet')
/** `cidr`, as text. */
export const cidr: TraitedCodec<string> = networkCodec('cidr')

function macaddrCodec(type: 'macaddr' | 'macaddr8', length: 6 | 8): TraitedCodec<string> {
  return stringCodec(type, {
    decode(buf, start, end) {
      expectLength(type, start, end, length)
      return buf.toString('hex', start, end).replace(/..(?=.)/g, '$&:')
    },
    encode(text, out) {
      const digits = text.replace(/[-:.]/g, '')
      if (digits.length !== 2 * length || !/^[0-9a-f]+$/i.test(digits)) return false
      out.bytes(Buffer.from(digits, 'hex'))
      return true
    },
  })
}

/** `macaddr`, as text. */
export const macaddr: TraitedCodec<string> = macaddrCodec('macaddr', 6)
/** `macaddr8`, as text. */
export const macaddr8: TraitedCodec<string> = macaddrCodec('macaddr8', 8)
