import { EncodeError } from '../base/errors.js'
import { MessageWriter } from '../protocol/message-writer.js'
import { type CompositeAttribute, type TraitedCodec, traitsOf } from './codec-traits.js'
import { writeQuoted } from './codecs/quoted-text.js'
import { compositeEncoder, encodeBinaryField } from './record-encoder.js'
import {
  checkRecord,
  missingValue,
  type RecordValues,
  recordError,
  recordValue,
} from './record-values.js'

/** So much room is made at most for rows that may be shorter than the first, in bytes. */
const MAX_ROOM = 1024 * 1024

/**
 * The rows cannot go as one parameter, since a column that is not among theirs is of a domain: the server
 * checks for each whether NULL is a value of it, though that is not what the column will get.
 */
export class DomainLeftOutError extends EncodeError {}

/**
 * Rows of some columns of a table, as one parameter: an array of the type of the table's rows. Columns
 * that are not among them are NULL.
 *
 * What does not fit is an {@link EncodeError} with `row`, `column` and `type`; a {@link DomainLeftOutError} if
 * none does.
 */
export class TableRows {
  readonly #rows: readonly RecordValues[]
  readonly #columns: readonly string[] | undefined

  /** @param columns in the order of rows that are arrays; undefined for all of the table */
  constructor(rows: readonly RecordValues[], columns: readonly string[] | undefined) {
    this.#rows = rows
    this.#columns = columns
  }

  /** Whether a value has to go as text, which only the server can read; see `CodecTraits`. */
  goesAsText(element: TraitedCodec): boolean {
    return attributesOf(element).some(({ name, codec }, i) => {
      const { goesAsText } = traitsOf(codec)
      const key = this.#keyOf(name, i)
      if (goesAsText === undefined || key === undefined) return false
      return this.#rows.some((row) => goesAsText(recordValue(row, key, name) ?? null))
    })
  }

  /** Appends them as a binary array; see array_recv and record_recv of the server. */
  encodeBinary(elementOid: number, element: TraitedCodec, out: MessageWriter): void {
    const attributes = this.#attributesOf(element)
    const fieldsBy = (ofArrays: boolean) =>
      attributes.map(({ name, typeOid, codec }, i) => {
        const key = this.#keyOf(name, i)
        const field = { layout: codec.layout, typeOid }
        return key === undefined ? field : { ...field, key: ofArrays ? key : name }
      })
    const encodeArray = compositeEncoder(fieldsBy(true))
    const encodeObject = compositeEncoder(fieldsBy(false))
    let row = 0
    const encodeField = (value: unknown, i: number, to: MessageWriter): true => {
      const { name, codec } = attributes[i] as CompositeAttribute
      try {
        if (value === undefined) throw missingValue(codec)
        encodeBinaryField(codec, value, to)
      } catch (error) {
        throw recordError(error, row, name, codec)
      }
      return true
    }
    out.int32(1)
    out.int32(0)
    out.int32(elementOid)
    out.int32(this.#rows.length)
    out.int32(1)
    for (; row < this.#rows.length; row++) {
      const values = this.#rows[row]
      checkRecord(values, row, this.#columns?.length ?? attributes.length)
      const position = out.beginValue()
      const encode = Array.isArray(values) ? encodeArray : encodeObject
      encode(values as object, out, encodeField)
      out.endValue(position)
      // Room for all as for the first, since to grow step by step copies what is there each time.
      if (row === 0) out.room(Math.min((out.length - position) * this.#rows.length, MAX_ROOM))
    }
  }

  /** Appends them as the text of an array. */
  encodeText(element: TraitedCodec, out: MessageWriter): void {
    const attributes = this.#attributesOf(element)
    const scratch = new MessageWriter()
    const field = new MessageWriter()
    out.utf8('{')
    for (const [row, values] of this.#rows.entries()) {
      checkRecord(values, row, this.#columns?.length ?? attributes.length)
      if (row > 0) out.utf8(',')
      scratch.utf8('(')
      for (const [i, { name, codec }] of attributes.entries()) {
        if (i > 0) scratch.utf8(',')
        const key = this.#keyOf(name, i)
        const value = key === undefined ? null : recordValue(values, key, name)
        if (value === null) continue
        try {
          if (value === undefined) throw missingValue(codec)
          codec.encodeText(value, field)
        } catch (error) {
          throw recordError(error, row, name, codec)
        }
        writeQuoted(field.take(), scratch)
      }
      scratch.utf8(')')
      writeQuoted(scratch.take(), out)
    }
    out.utf8('}')
  }

  #attributesOf(element: TraitedCodec): readonly CompositeAttribute[] {
    const attributes = attributesOf(element)
    const leftOut = attributes.find(
      ({ name, isDomain }, i) => isDomain && this.#keyOf(name, i) === undefined,
    )
    if (leftOut === undefined) return attributes
    throw new DomainLeftOutError(`column ${JSON.stringify(leftOut.name)} of a domain is left out`)
  }

  /** Where the value of an attribute is in rows that are arrays; undefined for one that they do not have. */
  #keyOf(name: string, attribute: number): number | undefined {
    if (this.#columns === undefined) return attribute
    const index = this.#columns.indexOf(name)
    return index < 0 ? undefined : index
  }
}

function attributesOf({ name, traits }: TraitedCodec): readonly CompositeAttribute[] {
  if (traits?.attributes !== undefined) return traits.attributes
  throw new EncodeError(`${name} is not the type of the rows of a table`, { type: name })
}
