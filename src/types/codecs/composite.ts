import { type DecodeError, EncodeError } from '../../base/errors.js'
import { MessageWriter } from '../../protocol/message-writer.js'
import { type CompositeAttribute, isString, type TraitedCodec, traitsOf } from '../codec-traits.js'
import { staleType } from '../stale-type.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { FieldReader, writeQuoted } from './quoted-text.js'
import { writeText } from './text.js'

const COUNT_BYTES = 4
const OID_BYTES = 4
const LENGTH_BYTES = 4
const NULL = -1

const COMMA = 0x2c
const OPEN = 0x28
const CLOSE = 0x29

type Row = Record<string, unknown>

/**
 * Makes the codec of a composite type: objects by attribute name out; in, such objects, arrays in the
 * order of the attributes, and PostgreSQL's text. null is NULL.
 *
 * It is binary as far as the codecs of all attributes are.
 *
 * @param name `pg_type.typname`.
 * @param attributes in the order of `attnum`.
 */
export function compositeCodec(
  name: string,
  attributes: readonly CompositeAttribute[],
): TraitedCodec<Row> {
  const composite = new Composite(name, attributes)
  const canDecode = attributes.every(({ codec }) => codec.decodeBinary)
  const canEncode = attributes.every(({ codec }) => codec.encodeBinary)
  return {
    name,
    decodeText: (buf, start, end) => composite.decodeText(buf, start, end),
    ...(canDecode && {
      decodeBinary: (buf: Buffer, start: number, end: number): Row =>
        composite.decodeBinary(buf, start, end),
    }),
    encodeText: (value, out) => composite.encodeText(value, out),
    ...(canEncode && {
      encodeBinary: (value: unknown, out: MessageWriter): void =>
        composite.encodeBinary(value, out),
    }),
    traits: {
      goesAsText: (value) => composite.goesAsText(value),
      isElement: (value) => composite.isElement(value),
      attributes,
    },
  }
}

class Composite {
  readonly #name: string
  readonly #attributes: readonly CompositeAttribute[]
  readonly #names: ReadonlySet<string>
  /** Assigning to `__proto__` would set the prototype. */
  readonly #set: (row: Row, name: string, value: unknown) => void

  constructor(name: string, attributes: readonly CompositeAttribute[]) {
    this.#name = name
    this.#attributes = attributes
    this.#names = new Set(attributes.map((attribute) => attribute.name))
    this.#set = this.#names.has('__proto__') ? defineValue : assignValue
  }

  /**
   * Reads a binary composite: int32 number of attributes; of each the OID of its type and its value
   * behind its length, −1 for NULL.
   *
   * @see record_send in src/backend/utils/adt/rowtypes.c
   */
  decodeBinary(buf: Buffer, start: number, end: number): Row {
    const attributes = this.#attributes
    if (end - start < COUNT_BYTES) throw malformed(this.#name, 'shorter than its header')
    const count = buf.readInt32BE(start)
    if (count !== attributes.length) throw this.#changed(count)
    const row: Row = {}
    let at = start + COUNT_BYTES
    for (let i = 0; i < count; i++) {
      const attribute = attributes[i]
      if (attribute === undefined) break
      if (end - at < OID_BYTES + LENGTH_BYTES) throw malformed(this.#name, 'it ends too early')
      const typeOid = buf.readUInt32BE(at)
      if (typeOid !== attribute.typeOid) throw this.#changedType(attribute.name, typeOid)
      const length = buf.readInt32BE(at + OID_BYTES)
      at += OID_BYTES + LENGTH_BYTES
      if (length < NULL || length > end - at) {
        throw malformed(this.#name, `an attribute of ${length} bytes`)
      }
      const value = length === NULL ? null : attribute.codec.decodeBinary?.(buf, at, at + length)
      this.#set(row, attribute.name, value)
      if (length !== NULL) at += length
    }
    if (at !== end) throw malformed(this.#name, 'bytes behind its attributes')
    return row
  }

  /** Reads text such as `(1,"a b",)`, where nothing between two commas is NULL. */
  decodeText(buf: Buffer, start: number, end: number): Row {
    const reader = new FieldReader(this.#name, buf, start, end)
    if (reader.next() !== OPEN) throw malformed(this.#name, 'no opening parenthesis')
    const row: Row = {}
    const last = this.#attributes.length - 1
    this.#attributes.forEach(({ name, codec }, i) => {
      this.#set(row, name, reader.readField(codec.decodeText, isFieldEnd))
      if (i < last && reader.next() !== COMMA) throw this.#changed(i + 1)
    })
    if (reader.next() !== CLOSE) throw this.#changed(last + 2)
    reader.expectEnd()
    return row
  }

  encodeBinary(value: unknown, out: MessageWriter): void {
    const values = this.#valuesOf(value)
    out.int32(this.#attributes.length)
    this.#attributes.forEach(({ typeOid, codec }, i) => {
      out.int32(typeOid)
      if (values[i] === null) {
        out.int32(NULL)
        return
      }
      const position = out.beginValue()
      codec.encodeBinary?.(values[i], out)
      out.endValue(position)
    })
  }

  encodeText(value: unknown, out: MessageWriter): void {
    if (typeof value === 'string') {
      writeText(this.#name, value, out)
      return
    }
    const values = this.#valuesOf(value)
    // Values must be looked through for characters to escape, and `out` cannot be read.
    const scratch = new MessageWriter()
    out.utf8('(')
    this.#attributes.forEach(({ codec }, i) => {
      if (i > 0) out.utf8(',')
      if (values[i] === null) return
      codec.encodeText(values[i], scratch)
      writeQuoted(scratch.take(), out)
    })
    out.utf8(')')
  }

  goesAsText(value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return isString(value)
    return this.#attributes.some(({ name, codec }, i) => {
      const { goesAsText } = traitsOf(codec)
      return goesAsText?.(Array.isArray(value) ? value[i] : (value as Row)[name]) === true
    })
  }

  /**
   * In an array of composites an inner array is one composite, unless objects of the type are in it:
   * then it is a dimension.
   */
  isElement(value: object): boolean {
    let item: unknown = value
    // No deeper than arrays can be, since the value may contain itself.
    for (let depth = 0; Array.isArray(item) && depth <= MAX_DEPTH; depth++) {
      item = item.find((inner) => inner !== null)
    }
    return !(
      typeof item === 'object' &&
      item !== null &&
      this.#attributes.every(({ name }) => Object.hasOwn(item, name))
    )
  }

  /** The values of a parameter in the order of the attributes. */
  #valuesOf(value: unknown): readonly unknown[] {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
      throw cannotEncode(
        this.#name,
        value,
        'objects by attribute name and arrays of all attributes',
      )
    }
    const values = Array.isArray(value)
      ? this.#checkedArray(value)
      : this.#checkedObject(value as Row)
    const missing = values.indexOf(undefined)
    if (missing < 0) return values
    throw this.#refusal(
      `attribute ${JSON.stringify(this.#attributes[missing]?.name)} is undefined; null is the value NULL`,
    )
  }

  #checkedArray(value: readonly unknown[]): readonly unknown[] {
    const count = this.#attributes.length
    if (value.length === count) return Array.from(value)
    throw this.#refusal(`an array of ${value.length} instead of ${count} attributes${RELOAD}`)
  }

  #checkedObject(value: Row): readonly unknown[] {
    const unknown = Object.keys(value).find((name) => !this.#names.has(name))
    if (unknown === undefined) {
      return this.#attributes.map(({ name }) => {
        if (Object.hasOwn(value, name)) return value[name]
        throw this.#refusal(`attribute ${JSON.stringify(name)} is missing`)
      })
    }
    const names = [...this.#names].join(', ')
    throw this.#refusal(
      `there is no attribute ${JSON.stringify(unknown)}; there are ${names}${RELOAD}`,
    )
  }

  #refusal(what: string): EncodeError {
    return new EncodeError(`composite ${this.#name}: ${what}`, { type: this.#name })
  }

  #changed(count: number): DecodeError {
    return staleType(this.#name, `${count} attributes instead of ${this.#attributes.length}`)
  }

  #changedType(name: string, typeOid: number): DecodeError {
    return staleType(
      this.#name,
      `attribute ${JSON.stringify(name)} has the type with OID ${typeOid}`,
    )
  }
}

const MAX_DEPTH = 6

/** Another connection may have changed the type, which shows only when the server gets a value of it. */
const RELOAD = ' (after a change of the type call reloadSchema())'

function isFieldEnd(byte: number): boolean {
  return byte === COMMA || byte === CLOSE
}

function assignValue(row: Row, name: string, value: unknown): void {
  row[name] = value
}

function defineValue(row: Row, name: string, value: unknown): void {
  Object.defineProperty(row, name, { value, writable: true, enumerable: true, configurable: true })
}
