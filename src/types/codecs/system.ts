import type { MessageWriter } from '../../protocol/message-writer.js'
import { STRINGS_GO_AS_TEXT, type TraitedCodec } from '../codec-traits.js'
import { cannotEncode, expectLength, malformed } from '../value-errors.js'
import { encodeServerText, stringCodec } from './server-text.js'

const MAX_UINT64 = 2n ** 64n - 1n
const LSN = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i
const SNAPSHOT = /^(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/

const SNAPSHOT_HEADER_BYTES = 20

/** How a `pg_lsn` appears in JavaScript. */
export type LsnMode = 'string' | 'bigint'

function parseLsn(text: string): bigint | undefined {
  const match = LSN.exec(text)
  return match ? (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`) : undefined
}

function printLsn(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16)}/${(lsn & 0xffffffffn).toString(16)}`.toUpperCase()
}

function lsnOf(value: unknown): bigint {
  const lsn = typeof value === 'string' ? parseLsn(value) : value
  if (typeof lsn === 'bigint' && lsn >= 0n && lsn <= MAX_UINT64) return lsn
  throw cannotEncode('pg_lsn', value, 'strings such as 16/B374D848 and bigints of 64 bits')
}

function lsnCodec<T>(fromText: (text: string) => T, fromLsn: (lsn: bigint) => T): TraitedCodec<T> {
  return {
    name: 'pg_lsn',
    decodeText: (buf, start, end) => fromText(buf.toString('latin1', start, end)),
    decodeBinary(buf, start, end) {
      expectLength('pg_lsn', start, end, 8)
      return fromLsn(buf.readBigUInt64BE(start))
    },
    encodeText(value, out) {
      if (typeof value === 'string') encodeServerText('pg_lsn', value, out)
      else out.utf8(printLsn(lsnOf(value)))
    },
    encodeBinary: (value, out) => out.int64(lsnOf(value)),
    traits: STRINGS_GO_AS_TEXT,
  }
}

/** `pg_lsn`, by the option `pg_lsn`: a position in the write-ahead log. */
export const pgLsn: Readonly<Record<LsnMode, TraitedCodec>> = {
  string: lsnCodec((text) => text, printLsn),
  bigint: lsnCodec(
    (text) => {
      const lsn = parseLsn(text)
      if (lsn === undefined) throw malformed('pg_lsn', 'not two hexadecimal numbers')
      return lsn
    },
    (lsn) => lsn,
  ),
}

/** `tid`, the place of a row version as `(block,offset)`. Binary: uint32, uint16. */
export const tid: TraitedCodec<string> = stringCodec('tid', {
  decode(buf, start, end) {
    expectLength('tid', start, end, 6)
    return `(${buf.readUInt32BE(start)},${buf.readUInt16BE(start + 4)})`
  },
  encode(text, out) {
    const match = /^\((\d{1,10}),(\d{1,5})\)$/.exec(text)
    const block = Number(match?.[1])
    const offset = Number(match?.[2])
    if (!match || block > 0xffffffff || offset > 0xffff) return false
    out.int32(block)
    out.int16(offset)
    return true
  },
})

/**
 * Reads a binary snapshot: int32 number of transactions that are under way, then as int64 the first of
 * them, the first that is not yet begun, and each (pg_snapshot_send in xid8funcs.c).
 */
function decodeSnapshot(type: string, buf: Buffer, start: number, end: number): string {
  if (end - start < SNAPSHOT_HEADER_BYTES) throw malformed(type, 'shorter than its header')
  const count = buf.readInt32BE(start)
  if (count < 0) throw malformed(type, `${count} transactions`)
  expectLength(type, start, end, SNAPSHOT_HEADER_BYTES + 8 * count)
  const running: bigint[] = []
  for (let at = start + SNAPSHOT_HEADER_BYTES; at < end; at += 8) {
    running.push(buf.readBigUInt64BE(at))
  }
  return `${buf.readBigUInt64BE(start + 4)}:${buf.readBigUInt64BE(start + 12)}:${running.join(',')}`
}

function writeSnapshot(text: string, out: MessageWriter): boolean {
  const match = SNAPSHOT.exec(text)
  if (!match) return false
  const running = match[3] ? match[3].split(',') : []
  const numbers = [match[1] ?? '', match[2] ?? '', ...running].map(BigInt)
  if (numbers.some((number) => number > MAX_UINT64)) return false
  out.int32(running.length)
  for (const number of numbers) out.int64(number)
  return true
}

function snapshotCodec(type: string): TraitedCodec<string> {
  return stringCodec(type, {
    decode: (buf, start, end) => decodeSnapshot(type, buf, start, end),
    encode: writeSnapshot,
  })
}

/** `pg_snapshot`, as text: `xmin:xmax:xip_list`. */
export const pgSnapshot: TraitedCodec<string> = snapshotCodec('pg_snapshot')
/** `txid_snapshot`, the older name of `pg_snapshot`. */
export const txidSnapshot: TraitedCodec<string> = snapshotCodec('txid_snapshot')
