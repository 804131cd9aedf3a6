import { EventEmitter } from 'node:events'
import { isIP, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, createSecureContext } from 'node:tls'
import {
  beginBind,
  finishBind,
  writeClose,
  writeCopyData,
  writeCopyDone,
  writeCopyFail,
  writeDescribe,
  writeExecute,
  writeFlush,
  writeParse,
  writeQuery,
  writeSslRequest,
  writeSync,
} from '../protocol/frontend.js'
import { MessageWriter } from '../protocol/message-writer.js'
import type { TransactionStatus } from '../protocol/messages.js'
import { OpenSocket } from '../transport/socket.js'
import type { Wire } from '../wire/request.js'
import { hiddenSecrets } from './hidden.js'
import { STATUS_LETTERS, type Submittable } from './messages.js'
import { StatementNames } from './statement-names.js'
import { type PreparedValue, prepareValue } from './values.js'

/** Options of {@link Connection}. */
export interface ConnectionConfig {
  /** A function is given the configuration. */
  readonly stream?: ((config: ConnectionConfig) => Duplex) | Duplex | undefined
  readonly ssl?: unknown
  readonly sslNegotiation?: 'postgres' | 'direct' | undefined
  readonly keepAlive?: boolean
  readonly keepAliveInitialDelayMillis?: number
  /** Of no effect, for functions that make streams. */
  readonly encoding?: string
  readonly statementCacheSize?: number | undefined
}

/** What Bind takes. */
export interface BindConfig {
  readonly portal?: string | null | undefined
  readonly statement?: string | null | undefined
  /** Whether results come in binary. */
  readonly binary?: boolean | undefined
  readonly values?: readonly unknown[] | null | undefined
  readonly valueMapper?: ((value: unknown, index: number) => unknown) | undefined
}

/** What Parse takes. */
export interface QueryParse {
  readonly name?: string | null | undefined
  readonly text?: string | null | undefined
  /** OIDs of the parameters, where it is an array. */
  readonly types?: unknown
}

/** What Describe and Close take: a statement (`S`) or a portal (`P`). */
export interface MessageConfig {
  readonly type: string
  readonly name?: string | null | undefined
}

/** What Execute takes. */
export interface ExecuteConfig {
  readonly portal?: string | undefined
  readonly rows?: number | string | undefined
}

const ANSWER_TLS = 0x53 // S
const ANSWER_NO_TLS = 0x4e // N

/**
 * `client.connection`: where Submittables write their messages, and where listeners hear of those of
 * the server, one event each. It is there before it is connected. Nothing is made for events without
 * listeners.
 */
export class Connection extends EventEmitter {
  /** The socket; a TLSSocket once TLS is set up. */
  stream: Duplex
  /** Texts of the statements that the server has, by name. */
  parsedStatements: Record<string, string> = {}
  /** Those whose Parse is on its way. */
  submittedNamedStatements: Record<string, string> = {}
  ssl: unknown
  sslNegotiation: 'postgres' | 'direct'
  _ending = false
  /** Names for statements that have none. @internal */
  readonly _statementNames: StatementNames
  /** Statements that the server would not run any more, to be closed before they are parsed again. */
  readonly #stale = new Set<string>()
  readonly #keepAlive: boolean
  readonly #keepAliveDelayMs: number
  #wire: Wire | undefined

  constructor(config: ConnectionConfig = {}) {
    super()
    const { stream } = config
    const given = typeof stream === 'function' ? stream(config) : stream
    this.stream = given ?? (config.ssl ? new Socket() : new OpenSocket())
    this.ssl = config.ssl ?? false
    this.sslNegotiation = config.sslNegotiation ?? 'postgres'
    this._statementNames = new StatementNames(config.statementCacheSize ?? 0)
    this.#keepAlive = config.keepAlive ?? false
    this.#keepAliveDelayMs = config.keepAliveInitialDelayMillis ?? 0
  }

  /**
   * Connects the stream and sets up TLS. Rejects with Node's own error, or with pg's where the server
   * will not speak TLS.
   * @internal
   */
  async _open(port: number, host: string): Promise<Duplex> {
    const socket = this.stream as Socket
    socket.setNoDelay?.(true)
    const path = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : undefined
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      this.#rejectWith(socket, reject)
      if (path === undefined) socket.connect(port, host)
      else socket.connect(path)
    })
    if (this.#keepAlive) socket.setKeepAlive?.(true, this.#keepAliveDelayMs)
    this.emit('connect')
    if (!this.ssl) return socket
    if (this.sslNegotiation !== 'direct') await this.#requestTls(socket)
    const secured = await this.#startTls(socket, host)
    this.emit('sslconnect')
    return secured
  }

  /** One byte answers; what comes with it was sent by anybody (CVE-2021-23222). */
  #requestTls(socket: Socket): Promise<void> {
    const out = new MessageWriter()
    writeSslRequest(out)
    socket.write(out.take())
    return new Promise((resolve, reject) => {
      this.#rejectWith(socket, reject)
      socket.once('data', (answer: Buffer) => {
        if (answer.length === 1 && answer[0] === ANSWER_TLS) {
          resolve()
          return
        }
        socket.destroy()
        const hasNone = answer.length === 1 && answer[0] === ANSWER_NO_TLS
        reject(
          new Error(
            hasNone
              ? 'The server does not support SSL connections'
              : 'There was an error establishing an SSL connection',
          ),
        )
      })
    })
  }

  #startTls(socket: Socket, host: string): Promise<Duplex> {
    const given = typeof this.ssl === 'object' ? (this.ssl as ConnectionOptions) : {}
    const options: ConnectionOptions = {
      socket,
      // Against which the certificate is checked where there is no server name.
      host,
      ...given,
      ...withSecrets(given),
      ...(this.sslNegotiation === 'direct' && { ALPNProtocols: ['postgresql'] }),
      ...(isIP(host) === 0 && !host.startsWith('/') && { servername: given.servername ?? host }),
    }
    return new Promise((resolve, reject) => {
      const secured = connectTls(options)
      this.stream = secured
      this.#rejectWith(secured, reject)
      secured.once('secureConnect', () => resolve(secured))
    })
  }

  #rejectWith(socket: Duplex, reject: (error: Error) => void): void {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('Connection terminated unexpectedly')))
  }

  /** Gives the connection to a Submittable. @internal */
  _lend(wire: Wire): void {
    this.#wire = wire
  }

  /** The Submittable is done. @internal */
  _takeBack(status: TransactionStatus): void {
    this._tell('readyForQuery', {
      name: 'readyForQuery',
      length: 5,
      status: STATUS_LETTERS[status],
    })
  }

  /** Emits an event of a message, and `message`, where somebody listens. @internal */
  _tell(event: string, message: unknown): void {
    if (this.listenerCount('message') > 0) this.emit('message', message)
    if (this.listenerCount(event) > 0) this.emit(event, message)
  }

  /** Whether nobody listens for a message. @internal */
  _isUnheard(event: string): boolean {
    return this.listenerCount(event) === 0 && this.listenerCount('message') === 0
  }

  /** The server has a statement. @internal */
  _onParsed({ name, text, _statement = name }: Submittable): void {
    if (!_statement) return
    this.parsedStatements[_statement] = text ?? ''
    delete this.submittedNamedStatements[_statement]
  }

  /** The server has not got what it would have parsed. @internal */
  _onRefused({ name, _statement = name }: Submittable): void {
    if (_statement) delete this.submittedNamedStatements[_statement]
  }

  /** The server has lost a statement, or would not run it any more. @internal */
  _forget(name: string): void {
    delete this.parsedStatements[name]
    this.#stale.add(name)
  }

  /** Closes a statement that was forgotten, before it is parsed again. @internal */
  _closeStale(name: string): void {
    if (this.#stale.delete(name)) this.close({ type: 'S', name })
  }

  /** Sends Query: one or more statements. */
  query(text: string): void {
    writeQuery(this.#out, text)
    this.#flush()
  }

  /** Sends Parse; `types` may be OIDs of the parameters. */
  parse(query: QueryParse, _more?: unknown): void {
    const oids = Array.isArray(query.types) ? (query.types as number[]) : []
    writeParse(this.#out, query.name || '', query.text || '', oids)
    this.#flush()
  }

  /** Sends Bind. What the mapper or a value throws passes through, and nothing was sent. */
  bind(config: BindConfig = {}, _more?: unknown): void {
    const { binary = false } = config
    const map = config.valueMapper ?? prepareValue
    // First all values: a Bind that was begun cannot be taken back by who catches an error.
    const values = config.values ?? []
    const prepared: PreparedValue[] = []
    for (let i = 0; i < values.length; i++) prepared.push(map(values[i], i) as PreparedValue)
    const out = this.#out
    beginBind(out, config.portal || '', config.statement || '')
    out.uint16(prepared.length)
    for (const value of prepared) out.int16(Buffer.isBuffer(value) ? 1 : 0)
    out.uint16(prepared.length)
    for (const value of prepared) writeValue(out, value)
    finishBind(out, [binary ? 1 : 0])
    this.#flush()
  }

  /** Sends Describe of a statement (`S`) or a portal (`P`). */
  describe(target: MessageConfig, _more?: unknown): void {
    writeDescribe(this.#out, kindOf(target), target.name || '')
    this.#flush()
  }

  /** Sends Execute for `rows` rows, or all. */
  execute(config: ExecuteConfig, _more?: unknown): void {
    writeExecute(this.#out, config.portal || '', Number(config.rows || 0))
    this.#flush()
  }

  /** Sends Close of a statement (`S`) or a portal (`P`). */
  close(target: MessageConfig, _more?: unknown): void {
    writeClose(this.#out, kindOf(target), target.name || '')
    this.#flush()
  }

  flush(): void {
    writeFlush(this.#out)
    this.#flush()
  }

  sync(): void {
    writeSync(this.#out)
    this.#flush()
  }

  sendCopyFromChunk(chunk: Uint8Array): void {
    writeCopyData(this.#out, chunk)
    this.#flush()
  }

  endCopyFrom(): void {
    writeCopyDone(this.#out)
    this.#flush()
  }

  sendCopyFail(reason: string): void {
    writeCopyFail(this.#out, reason)
    this.#flush()
  }

  ref(): void {
    ;(this.stream as Socket).ref?.()
  }

  unref(): void {
    ;(this.stream as Socket).unref?.()
  }

  /** Closes the stream; `client.end()` says goodbye to the server too. */
  end(): void {
    this._ending = true
    this.stream.end()
  }

  get #out(): MessageWriter {
    if (this.#wire === undefined) throw new Error('the connection is not open yet')
    return this.#wire.out
  }

  #flush(): void {
    this.#wire?.flush()
  }
}

/** The context of TLS that has what is hidden of its options: Node.js keeps those where logs show them. */
function withSecrets(given: ConnectionOptions): ConnectionOptions {
  const secrets = hiddenSecrets(given)
  if (Object.keys(secrets).length === 0 || given.secureContext !== undefined) return {}
  return { secureContext: createSecureContext({ ...given, ...secrets }) }
}

function writeValue(out: MessageWriter, value: PreparedValue): void {
  if (value === null || value === undefined) {
    out.int32(-1)
    return
  }
  const position = out.beginValue()
  if (Buffer.isBuffer(value)) out.bytes(value)
  else writeText(out, String(value))
  out.endValue(position)
}

function writeText(out: MessageWriter, text: string): void {
  if (!out.shortText(text)) out.utf8(text)
}

function kindOf({ type }: MessageConfig): 'S' | 'P' {
  return type === 'S' ? 'S' : 'P'
}
