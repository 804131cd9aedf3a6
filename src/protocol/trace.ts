import { ProtocolError } from '../base/errors.js'
import { MessageFramer } from './framer.js'
import { MessageReader } from './message-reader.js'
import { MAX_MESSAGE_BYTES } from './message-writer.js'
import { Backend } from './messages.js'
import { traceBackend } from './trace-backend.js'
import { type PasswordKind, traceFrontend, traceUntyped } from './trace-frontend.js'
import { TraceLine, type TraceStyle } from './trace-line.js'

/** What a {@link ProtocolTracer} writes to; every stream of Node.js will do. */
export interface TraceSink {
  write(text: string): unknown
}

/** Options of {@link ProtocolTracer}. */
export interface TraceOptions extends Partial<TraceStyle> {
  /** Default: the clock of the system. */
  readonly now?: () => Date
}

const ASKED_FOR: Readonly<Record<number, PasswordKind>> = {
  3: 'password',
  5: 'password',
  7: 'gss',
  8: 'gss',
  10: 'sasl-initial',
  11: 'sasl',
}

/**
 * Writes a conversation in the format of libpq's `PQtrace`, one line a message: time, `F` or `B` for who
 * speaks, length, name and fields, with tabs between.
 *
 * It takes the bytes of both directions as they come, in any chunks, and keeps what is incomplete. Unlike
 * PQtrace it shows no password, no data of SASL or GSSAPI and no cancel key unless `secrets` is set:
 * their place is taken by `'BBBB'`. What it cannot read it says so and stays silent from then on; it
 * throws nothing.
 *
 * @see https://www.postgresql.org/docs/current/libpq-control.html, "PQtrace"
 */
export class ProtocolTracer {
  readonly #sink: TraceSink
  readonly #style: TraceStyle
  readonly #now: () => Date
  readonly #fromServer = new MessageFramer(
    { onMessage: (code, buf, start, end) => this.#onBackend(code, buf, start, end) },
    MAX_MESSAGE_BYTES,
  )
  readonly #fromClient = new MessageFramer(
    { onMessage: (code, buf, start, end) => this.#onFrontend(code, buf, start, end) },
    MAX_MESSAGE_BYTES,
  )
  /** Of the messages without a type byte, what has come of them; undefined once they are over. */
  #untyped: Buffer | undefined = Buffer.alloc(0)
  #asked: PasswordKind = 'password'
  #isSilent = false

  constructor(sink: TraceSink, options: TraceOptions = {}) {
    const { timestamps = true, regress = false, secrets = false, now = () => new Date() } = options
    this.#sink = sink
    this.#style = { timestamps, regress, secrets }
    this.#now = now
  }

  /** Takes the next bytes of the client. */
  frontend(bytes: Buffer): void {
    this.#guard(() => this.#takeFrontend(bytes))
  }

  /** Takes the next bytes of the server, but for its one-byte answers to SSLRequest and GSSENCRequest. */
  backend(bytes: Buffer): void {
    this.#guard(() => this.#fromServer.push(bytes))
  }

  #takeFrontend(bytes: Buffer): void {
    if (this.#untyped === undefined) {
      this.#fromClient.push(bytes)
      return
    }
    let rest = Buffer.concat([this.#untyped, bytes])
    this.#untyped = rest
    while (rest.length >= 8) {
      const length = rest.readInt32BE(0)
      if (length < 8) throw new ProtocolError(`the length ${length} of a first message is below 8`)
      if (rest.length < length) return
      const line = new TraceLine(new MessageReader('first message', rest, 4, length), this.#style)
      const isStarted = traceUntyped(rest.readInt32BE(4), line)
      this.#writeLine('F', String(length), line)
      rest = rest.subarray(length)
      this.#untyped = isStarted ? undefined : rest
      if (!isStarted) continue
      this.#fromClient.push(rest)
      return
    }
  }

  #onFrontend(code: number, buf: Buffer, start: number, end: number): void {
    const line = new TraceLine(new MessageReader('frontend message', buf, start, end), this.#style)
    traceFrontend(code, line, this.#asked)
    this.#writeLine('F', String(end - start + 4), line)
  }

  #onBackend(code: number, buf: Buffer, start: number, end: number): void {
    if (code === Backend.Authentication && end - start >= 4) {
      this.#asked = ASKED_FOR[buf.readInt32BE(start)] ?? this.#asked
    }
    const line = new TraceLine(new MessageReader('backend message', buf, start, end), this.#style)
    traceBackend(code, line)
    // What errors and settings say of the server differs in length from version to version.
    const varies =
      code === Backend.ErrorResponse ||
      code === Backend.NoticeResponse ||
      code === Backend.ParameterStatus ||
      code === Backend.BackendKeyData
    this.#writeLine('B', this.#style.regress && varies ? 'NN' : String(end - start + 4), line)
  }

  #writeLine(from: 'F' | 'B', length: string, line: TraceLine): void {
    line.finish()
    const time = this.#style.timestamps ? `${timestamp(this.#now())}\t` : ''
    this.#sink.write(`${time}${from}\t${length}\t${line.text}\n`)
  }

  /** A trace is a help; it must not harm the conversation that it is of. */
  #guard(take: () => void): void {
    if (this.#isSilent) return
    try {
      take()
    } catch (error) {
      this.#isSilent = true
      const reason = error instanceof Error ? error.message : String(error)
      this.#sink.write(`# the trace ends here: ${reason}\n`)
    }
  }
}

/** Local time, as strftime's `%Y-%m-%d %H:%M:%S` and microseconds. */
function timestamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`
  return `${date} ${time}.${String(now.getMilliseconds()).padStart(3, '0')}000`
}
