import type { MessageReader } from './message-reader.js'

/** How a trace is written; see {@link ProtocolTracer}. */
export interface TraceStyle {
  /** A local time with microseconds before each line. Default true, as of PQtrace. */
  readonly timestamps: boolean
  /** Leaves out what differs from run to run: OIDs, process ids, source lines. Default false. PQTRACE_REGRESS_MODE. */
  readonly regress: boolean
  /** Shows passwords, SASL and GSSAPI data and cancel keys. Default false. */
  readonly secrets: boolean
}

/** Passes over the fields of one message and writes them as PQtrace does. */
export class TraceLine {
  readonly #reader: MessageReader
  readonly style: TraceStyle
  #text = ''

  constructor(reader: MessageReader, style: TraceStyle) {
    this.#reader = reader
    this.style = style
  }

  get text(): string {
    return this.#text
  }

  get remaining(): number {
    return this.#reader.remaining
  }

  /** The name of the message; fields follow behind a tab. */
  name(name: string, hasFields = true): void {
    this.#text += hasFields ? `${name}\t` : name
  }

  /** The number that tells one Authentication message from another; the name says it. */
  method(): number {
    return this.#reader.int32()
  }

  byte1(): number {
    const byte = this.#reader.uint8()
    const character = String.fromCharCode(byte)
    this.#text += isPrintable(byte) ? ` ${character}` : ` \\x${hexByte(byte)}`
    return byte
  }

  int16(): number {
    const value = this.#reader.uint16()
    this.#text += ` ${value}`
    return value
  }

  /** @param varies whether the number differs from run to run */
  int32(varies = false): number {
    const value = this.#reader.int32()
    this.#text += varies && this.style.regress ? ' NNNN' : ` ${value}`
    return value
  }

  string(varies = false): string {
    const value = this.#reader.cstring()
    this.#text += varies && this.style.regress ? ' "SSSS"' : ` "${value}"`
    return value
  }

  /** `count` bytes, those that are no printable ASCII in hexadecimal. */
  bytes(count: number): void {
    let text = ''
    for (const byte of this.#reader.bytes(count)) {
      text += isPrintable(byte) ? String.fromCharCode(byte) : `\\x${hexByte(byte)}`
    }
    this.#text += ` '${text}'`
  }

  /** `count` bytes that nobody may see unless asked for. */
  secret(count: number): void {
    if (this.style.secrets) {
      this.bytes(count)
      return
    }
    this.#reader.bytes(count)
    this.#text += " 'BBBB'"
  }

  /** A value with its length before it, -1 for NULL. */
  value(): void {
    const length = this.int32()
    if (length !== -1) this.bytes(length)
  }

  /** Notes that the message is longer than its fields, and passes over the rest. */
  finish(): void {
    if (this.#reader.remaining === 0) return
    this.#text += `mismatched message length: ${this.#reader.remaining} bytes too many`
  }
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
