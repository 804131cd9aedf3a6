import { DecodeError } from '../../base/errors.js'
import type { TraitedCodec } from '../codec-traits.js'
import { isStaleType } from '../stale-type.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { FieldReader } from './quoted-text.js'
import { decodeUtf8 } from './utf8.js'

const COUNT_BYTES = 4
const OID_BYTES = 4
const LENGTH_BYTES = 4
const NULL = -1

const COMMA = 0x2c
const OPEN = 0x28
const CLOSE = 0x29

/**
 * Makes the codec of `record`, rows without a type of their own such as `row(1, 'a')`: arrays. The
 * binary form states the types of the columns; in text, which does not, each is a string.
 *
 * The server takes no record as a parameter, so none is encoded.
 *
 * @param lookup gives the codec of a type by its OID.
 */
export function recordCodec(lookup: (typeOid: number) => TraitedCodec): TraitedCodec<unknown[]> {
  return {
    name: 'record',
    decodeText,
    decodeBinary: (buf, start, end) => decodeRecord(lookup, buf, start, end),
    encodeText: refuse,
    encodeBinary: refuse,
  }
}

function refuse(value: unknown): never {
  throw cannotEncode('record', value, 'no values: cast the parameter to a composite type')
}

/** @see record_send in src/backend/utils/adt/rowtypes.c */
function decodeRecord(
  lookup: (typeOid: number) => TraitedCodec,
  buf: Buffer,
  start: number,
  end: number,
): unknown[] {
  if (end - start < COUNT_BYTES) throw malformed('record', 'shorter than its header')
  const count = buf.readInt32BE(start)
  let at = start + COUNT_BYTES
  // Every column takes at least the bytes of its header, which bounds what is allocated.
  if (count < 0 || count * (OID_BYTES + LENGTH_BYTES) > end - at) {
    throw malformed('record', `${count} columns`)
  }
  const record: unknown[] = []
  let unknown: unknown
  for (let i = 0; i < count; i++) {
    if (end - at < OID_BYTES + LENGTH_BYTES) throw malformed('record', 'it ends too early')
    const typeOid = buf.readUInt32BE(at)
    const length = buf.readInt32BE(at + OID_BYTES)
    at += OID_BYTES + LENGTH_BYTES
    if (length < NULL || length > end - at) throw malformed('record', `a column of ${length} bytes`)
    if (length === NULL) {
      record.push(null)
      continue
    }
    try {
      if (unknown === undefined) {
        record.push(binaryDecoder(lookup(typeOid), typeOid)(buf, at, at + length))
      } else {
        lookup(typeOid)
      }
    } catch (error) {
      if (!isStaleType(error)) throw error
      // The other columns go on, so that all that is unknown is known to be so at once.
      unknown = error
    }
    at += length
  }
  if (at !== end) throw malformed('record', 'bytes behind its columns')
  if (unknown !== undefined) throw unknown
  return record
}

function binaryDecoder(
  { decodeBinary }: TraitedCodec,
  typeOid: number,
): NonNullable<TraitedCodec['decodeBinary']> {
  if (decodeBinary) return decodeBinary
  throw new DecodeError(
    `a record has a column of the type with OID ${typeOid}, whose binary form cannot be read; cast that column to text`,
    { type: 'record' },
  )
}

function decodeText(buf: Buffer, start: number, end: number): unknown[] {
  const reader = new FieldReader('record', buf, start, end)
  if (reader.next() !== OPEN) throw malformed('record', 'no opening parenthesis')
  const record: unknown[] = []
  for (;;) {
    const field = reader.readField(decodeUtf8, isFieldEnd)
    const separator = reader.next()
    // `()` is a record without columns, or with one that is NULL: the text does not tell.
    if (field !== null || separator === COMMA || record.length > 0) record.push(field)
    if (separator === CLOSE) break
  }
  reader.expectEnd()
  return record
}

function isFieldEnd(byte: number): boolean {
  return byte === COMMA || byte === CLOSE
}
