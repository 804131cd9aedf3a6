import type { MessageWriter } from '../protocol/message-writer.js'
import { MAX_SHORT_TEXT, writeShortText } from '../protocol/short-text.js'
import type { BinaryLayout } from './binary-layout.js'

/** Appends a value with its length. Gives false when the record cannot be written this way. */
export type EncodeField = (value: unknown, column: number, out: MessageWriter) => boolean

/** Appends a record: the number of its values as an int16, and each with its length, −1 for NULL. */
export type RecordEncoder = (
  values: object,
  out: MessageWriter,
  encodeField: EncodeField,
) => boolean

/** A field of a record. */
export interface RecordField {
  readonly layout: BinaryLayout | undefined
  /** Where its value is in the object or array; absent for one that is always NULL. */
  readonly key?: string | number
  /** For the fields of a composite, which state their types. */
  readonly typeOid?: number
}

/**
 * Makes the encoder of records with these fields: straight-line code that writes into the buffer what is
 * a plain number, boolean or short string, and NULL; all else it leaves to `encodeField`
 * (`npm run bench:micro -- records`). No text of the server becomes code.
 *
 * @param countBytes of the number of fields, which goes before them
 */
export function generateRecordEncoder(
  fields: readonly RecordField[],
  countBytes: 2 | 4,
): RecordEncoder {
  const room = fields.reduce<number>((sum, field) => sum + roomOf(field), countBytes)
  const code = `
    ${fields.map((_, i) => `const key${i} = fields[${i}].key`).join('\n')}
    return (values, out, encodeField) => {
      let at = out.room(${room}), view = out.view, buf = out.buffer, v, next
      view.setInt${countBytes * 8}(at, ${fields.length})
      at += ${countBytes}
      ${fields.map((field, i) => fieldCode(field, i, room)).join('\n')}
      out.end = at
      return true
    }`
  return new Function('fields', 'writeShortText', code)(fields, writeShortText) as RecordEncoder
}

/** The most that a field takes in the buffer, unless `encodeField` writes it. */
function roomOf({ layout, typeOid }: RecordField): number {
  return (typeOid === undefined ? 4 : 8) + (LAYOUTS[layout ?? 'other']?.bytes ?? 0)
}

/** How a field `v` of a layout is written at `at`, and which values are; its most bytes behind the length. */
interface FieldCode {
  readonly bytes: number
  readonly test: string
  readonly write: string
}

const NUMBER = "typeof v === 'number'"

const LAYOUTS: Readonly<Partial<Record<BinaryLayout | 'other', FieldCode>>> = {
  bool: fixed(1, 'v === true || v === false', 'buf[at + 4] = v ? 1 : 0'),
  int2: fixed(2, `${NUMBER} && v << 16 >> 16 === v`, 'view.setInt16(at + 4, v)'),
  int4: fixed(4, `${NUMBER} && (v | 0) === v`, 'view.setInt32(at + 4, v)'),
  uint4: fixed(4, `${NUMBER} && v >>> 0 === v`, 'view.setUint32(at + 4, v)'),
  int8: fixed(
    8,
    'Number.isSafeInteger(v)',
    'next = Math.floor(v / 4294967296); view.setInt32(at + 4, next); view.setInt32(at + 8, v - next * 4294967296)',
  ),
  // Those that may round to zero or infinity are left to the codec.
  float4: fixed(
    4,
    `${NUMBER} && (v === 0 || Math.abs(v) > 1e-30 && Math.abs(v) < 1e30)`,
    'view.setFloat32(at + 4, v)',
  ),
  float8: fixed(8, NUMBER, 'view.setFloat64(at + 4, v)'),
  text: {
    bytes: MAX_SHORT_TEXT,
    test: `typeof v === 'string' && v.length <= ${MAX_SHORT_TEXT} && (next = writeShortText(v, buf, at + 4)) >= 0`,
    write: 'view.setInt32(at, next - at - 4); at = next',
  },
}

function fixed(bytes: number, test: string, write: string): FieldCode {
  return { bytes, test, write: `view.setInt32(at, ${bytes}); ${write}; at += ${bytes + 4}` }
}

function fieldCode({ layout, key, typeOid }: RecordField, i: number, room: number): string {
  const { test, write } = LAYOUTS[layout ?? 'other'] ?? {}
  return `
    ${typeOid === undefined ? '' : `view.setUint32(at, ${typeOid}); at += 4`}
    v = ${key === undefined ? 'null' : `values[key${i}]`}
    ${test === undefined ? '' : `if (${test}) { ${write} } else`}
    if (v === null) {
      view.setInt32(at, -1)
      at += 4
    } else {
      out.end = at
      if (!encodeField(v, ${i}, out)) return false
      at = out.room(${room}); view = out.view; buf = out.buffer
    }`
}
