import { Frontend } from '../../src/protocol/index.js'

/** What a client sent: the name of the message and the fields that it has. */
export interface FrontendMessage {
  readonly name: string
  /** Of Startup: the minor version of protocol 3. */
  readonly minorVersion?: number
  readonly parameters?: Readonly<Record<string, string>> | readonly (Buffer | null)[]
  readonly processId?: number
  readonly secretKey?: Buffer
  readonly statement?: string
  readonly portal?: string
  readonly sql?: string
  readonly parameterTypeOids?: readonly number[]
  readonly parameterFormats?: readonly number[]
  readonly resultFormats?: readonly number[]
  /** Of Describe and Close: `S` for a statement, `P` for a portal. */
  readonly target?: string
  /** Of Describe and Close: its name. */
  readonly of?: string
  readonly maxRows?: number
  readonly reason?: string
  readonly data?: Buffer
}

const names = new Map<number, string>(Object.entries(Frontend).map(([name, code]) => [code, name]))

const PROTOCOL_3 = 3
const SSL_REQUEST = 0x04d2_162f
const CANCEL_REQUEST = 0x04d2_162e

/**
 * Reads what a client sent, as the documentation lays it out and without any of the code under test.
 * It keeps what is not yet complete.
 */
export class FrontendReader {
  #bytes: Buffer = Buffer.alloc(0)
  #isStarted: boolean

  /** @param isStarted whether the startup message, which has no type byte, is over. */
  constructor(isStarted = false) {
    this.#isStarted = isStarted
  }

  /** How many bytes of an incomplete message there are. */
  get incompleteBytes(): number {
    return this.#bytes.length
  }

  /** Takes bytes and gives the messages that are complete with them. */
  read(bytes: Uint8Array): FrontendMessage[] {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    const messages: FrontendMessage[] = []
    for (;;) {
      const header = this.#isStarted ? 1 : 0
      if (this.#bytes.length < header + 4) return messages
      const end = header + this.#bytes.readInt32BE(header)
      if (this.#bytes.length < end) return messages
      const body = new Fields(this.#bytes.subarray(header + 4, end))
      messages.push(this.#isStarted ? readMessage(this.#bytes[0] ?? 0, body) : this.#start(body))
      this.#bytes = this.#bytes.subarray(end)
    }
  }

  #start(body: Fields): FrontendMessage {
    const version = body.int32()
    if (version === SSL_REQUEST) return { name: 'SSLRequest' }
    if (version === CANCEL_REQUEST) {
      return { name: 'CancelRequest', processId: body.int32(), secretKey: body.rest() }
    }
    if (version >> 16 !== PROTOCOL_3) throw new Error(`protocol ${version.toString(16)}`)
    this.#isStarted = true
    const parameters: Record<string, string> = {}
    for (let name = body.cstring(); name !== ''; name = body.cstring()) {
      parameters[name] = body.cstring()
    }
    return body.finish({ name: 'Startup', minorVersion: version & 0xffff, parameters })
  }
}

function readMessage(code: number, body: Fields): FrontendMessage {
  const name = names.get(code)
  switch (name) {
    case 'Parse':
      return body.finish({
        name,
        statement: body.cstring(),
        sql: body.cstring(),
        parameterTypeOids: body.list(() => body.int32()),
      })
    case 'Bind':
      return body.finish({
        name,
        portal: body.cstring(),
        statement: body.cstring(),
        parameterFormats: body.list(() => body.int16()),
        parameters: body.list(() => body.value()),
        resultFormats: body.list(() => body.int16()),
      })
    case 'Describe':
    case 'Close':
      return body.finish({ name, target: String.fromCharCode(body.int8()), of: body.cstring() })
    case 'Execute':
      return body.finish({ name, portal: body.cstring(), maxRows: body.int32() })
    case 'Query':
      return body.finish({ name, sql: body.cstring() })
    case 'CopyFail':
      return body.finish({ name, reason: body.cstring() })
    case 'Password':
    case 'CopyData':
      return { name, data: body.rest() }
    case 'CopyDone':
    case 'Flush':
    case 'Sync':
    case 'Terminate':
      return body.finish({ name })
    default:
      throw new Error(`no frontend message has the type byte ${code}`)
  }
}

class Fields {
  readonly #body: Buffer
  #pos = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  int8(): number {
    return this.#body.readUInt8(this.#pos++)
  }

  int16(): number {
    this.#pos += 2
    return this.#body.readUInt16BE(this.#pos - 2)
  }

  int32(): number {
    this.#pos += 4
    return this.#body.readInt32BE(this.#pos - 4)
  }

  cstring(): string {
    const end = this.#body.indexOf(0, this.#pos)
    if (end === -1) throw new Error('a string without its NUL')
    const text = this.#body.toString('utf8', this.#pos, end)
    this.#pos = end + 1
    return text
  }

  value(): Buffer | null {
    const length = this.int32()
    if (length === -1) return null
    this.#pos += length
    if (this.#pos > this.#body.length) throw new Error('a value longer than its message')
    return Buffer.from(this.#body.subarray(this.#pos - length, this.#pos))
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.int16() }, item)
  }

  rest(): Buffer {
    const rest = Buffer.from(this.#body.subarray(this.#pos))
    this.#pos = this.#body.length
    return rest
  }

  finish(message: FrontendMessage): FrontendMessage {
    if (this.#pos !== this.#body.length) throw new Error(`${message.name} has bytes left over`)
    return message
  }
}
