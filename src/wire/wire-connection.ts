import {
  type ConnectionClosedError,
  type ConnectPhase,
  type Notice,
  ProtocolError,
  type ServerMessageFields,
} from '../base/errors.js'
import { newPostgresError } from '../base/server-errors.js'
import {
  readNotification,
  readParameterStatus,
  readReadyForQuery,
  readServerMessage,
} from '../protocol/backend.js'
import { MessageFramer, type MessageSink } from '../protocol/framer.js'
import { writeTerminate } from '../protocol/frontend.js'
import { MessageWriter } from '../protocol/message-writer.js'
import { Backend, type Notification } from '../protocol/messages.js'
import type { Peer } from '../transport/peer.js'
import type { Transport, TransportHandler } from '../transport/transport.js'
import { Cancellation, type CancellationOwner, type CancelSender } from './cancellation.js'
import { ConnectionFate } from './connection-fate.js'
import { Pipeline } from './pipeline.js'
import { type Request, type RequestHolder, unexpectedMessage, type Wire } from './request.js'
import { CloseStatementsRequest } from './requests/close-statements.js'
import type { Session } from './session.js'
import { type ConnectionEvent, type ConnectionState, nextState } from './states.js'

/** What a connection tells whoever holds it. */
export interface ConnectionHandler {
  onNotice(notice: Notice): void
  onNotification(notification: Notification): void
  onParameterStatus(name: string, value: string): void
  /** The pipeline just became empty. */
  onIdle(): void
  /** Once, after every pending request got `onLost`, unless it never became ready. No `error`: we closed it ourselves. */
  onClosed(error: ConnectionClosedError | undefined): void
}

/** Until the session is ready no message of a server needs more than this (fe-connect.c has 30,000). */
const MAX_STARTUP_BODY_BYTES = 64 * 1024

/** A batch of requests that has become so long is not kept waiting for the end of the turn. */
const LONG_BATCH_BYTES = 256 * 1024

/** How long the server may take to hang up after Terminate, in ms. */
const TERMINATE_GRACE_MS = 1_000

/** To run what comes behind it in the microtask queue, at half the cost of queueMicrotask. */
const END_OF_TURN = Promise.resolve()

/** Routes requests to bytes and bytes to requests. */
export class WireConnection
  implements MessageSink, TransportHandler, Wire, RequestHolder, CancellationOwner
{
  readonly out: MessageWriter = new MessageWriter()
  readonly session: Session
  readonly peer: Peer
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<void>
  /** Whom it tells. */
  handler: ConnectionHandler
  readonly #maxMessageBytes: number
  readonly #pipeline = new Pipeline()
  readonly #framer = new MessageFramer(this, MAX_STARTUP_BODY_BYTES)
  readonly #cancellation: Cancellation
  #resolveClosed!: () => void
  #state: ConnectionState = 'starting'
  #transport: Transport | undefined
  #isFlushScheduled = false
  readonly #flushNow = (): void => this.#write()
  /** The kernel took all that was written. */
  #isDrained = true
  /** The request at the head wants no more for now. */
  #isPaused = false
  readonly #fate: ConnectionFate
  #terminateTimer: NodeJS.Timeout | undefined

  constructor(
    session: Session,
    peer: Peer,
    maxMessageBytes: number,
    handler: ConnectionHandler,
    sendCancel: CancelSender,
  ) {
    this.session = session
    this.peer = peer
    this.handler = handler
    this.#maxMessageBytes = maxMessageBytes
    this.#cancellation = new Cancellation(this.#pipeline, sendCancel, this)
    this.#fate = new ConnectionFate(peer.name)
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
  }

  /** Begins the conversation with `startup`; whatever else is submitted waits for its end. */
  start(transport: Transport, startup: Request): void {
    this.#transport = transport
    startup.write(this)
    this.#pipeline.addWritten(startup)
    this.flush()
  }

  /** `host:port`, or the path of the socket. */
  get address(): string {
    return this.peer.name
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Whether nothing is queued or unanswered, and no CancelRequest on its way that could hit what comes next. */
  get isIdle(): boolean {
    return this.#pipeline.isEmpty && !this.#cancellation.isInFlight
  }

  get isQuiet(): boolean {
    return this.#pipeline.writtenCount === 0
  }

  /** Whether TLS protects the connection. */
  get encrypted(): boolean {
    return this.#transport?.encrypted ?? false
  }

  /** Puts `request` behind all others. Its fate is told to it alone, so this never throws. */
  submit(request: Request): void {
    if (this.#state === 'closing' || this.#state === 'closed') {
      request.onRefused(this.#fate.error(false, 'ready'))
      return
    }
    if (request.isSettled) {
      this.#afterRequest()
      return
    }
    request.onSubmitted(this)
    this.#pipeline.push(request)
    if (this.#pump()) this.#afterRequest()
  }

  abandon(request: Request): boolean {
    if (this.#state === 'closed') return true
    const isQueued = this.#pipeline.unlink(request)
    const written = isQueued ? request.waitsFor : request
    if (written !== undefined) this.#cancellation.abandon(written)
    if (isQueued) {
      this.#cancellation.onLeft()
      this.#pump()
      this.#afterRequest()
    }
    return !isQueued
  }

  /**
   * Asks the server to cancel what it is at. Nothing more is written until it has been told, so no
   * later query is hit. Resolves when the server was told, or cannot be.
   */
  async cancel(): Promise<void> {
    if (this.#state !== 'starting' && !this.isQuiet) await this.#cancellation.once()
  }

  wake(): void {
    if (this.#state === 'closed') return
    this.#pump()
    this.#afterRequest()
  }

  onCancelFailed(error: Error): void {
    this.#end(error, false)
  }

  runAgain(request: Request): void {
    this.#pipeline.pushAgain(request)
  }

  everyBehindHead(test: (request: Request) => boolean): boolean {
    return this.#pipeline.everyBehindHead(test)
  }

  flush(): void {
    if (this.#isFlushScheduled) return
    this.#isFlushScheduled = true
    void END_OF_TURN.then(this.#flushNow)
  }

  send(): boolean {
    this.#write()
    return this.#isDrained
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#transport?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#transport?.resume()
  }

  /** Whether the open connection keeps the process alive, as it does at first. */
  ref(): void {
    this.#transport?.ref()
  }

  /** As {@link ref}, the opposite. */
  unref(): void {
    this.#transport?.unref()
  }

  /** Waits for what is pending, then says goodbye. Resolves when the connection is closed; again is no harm. */
  close(): Promise<void> {
    if (this.#state === 'ready') {
      this.#enter('close')
      this.#afterRequest()
    } else if (this.#state === 'starting') {
      this.destroy()
    }
    return this.closed
  }

  /** Closes at once; what is pending is lost. `error` is why, if it was not wanted. */
  destroy(error?: Error): void {
    this.#end(error, error === undefined)
  }

  onData(chunk: Buffer, length: number): void {
    try {
      this.#framer.push(chunk, length)
    } catch (error) {
      this.#end(error instanceof Error ? error : new ProtocolError(String(error)), false)
    }
  }

  onDrain(): void {
    this.#isDrained = true
    if (this.#transport?.isWritten) this.out.restart()
    this.#pipeline.exclusive?.onDrain?.()
    if (this.#pump()) this.#afterRequest()
  }

  onClose(error: Error | undefined): void {
    this.#end(error, this.#state === 'closing' && this.isIdle)
  }

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    return this.#pipeline.head?.onRows?.(buf, start, end, maxBodyBytes) ?? start
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    switch (code) {
      case Backend.ReadyForQuery:
        this.#onReadyForQuery(buf, start, end)
        return
      case Backend.ErrorResponse:
        this.#onError(readServerMessage(buf, start, end))
        return
      case Backend.NoticeResponse:
        this.handler.onNotice(readServerMessage(buf, start, end))
        return
      case Backend.NotificationResponse:
        this.handler.onNotification(readNotification(buf, start, end))
        return
      case Backend.ParameterStatus: {
        const { name, value } = readParameterStatus(buf, start, end)
        this.session.onParameter(name, value)
        this.handler.onParameterStatus(name, value)
        return
      }
      default: {
        const { head } = this.#pipeline
        if (head === undefined) throw unexpectedMessage(code, 'idleness')
        head.onMessage(code, buf, start, end)
      }
    }
  }

  #onReadyForQuery(buf: Buffer, start: number, end: number): void {
    const status = readReadyForQuery(buf, start, end)
    const { head } = this.#pipeline
    if (head === undefined) throw unexpectedMessage(Backend.ReadyForQuery, 'idleness')
    this.session.onReady(status)
    head.onReady(status)
    this.#pipeline.shift()
    this.resume()
    this.#cancellation.onOver(head)
    if (this.#state === 'starting') {
      this.#enter('started')
      this.#framer.maxBodyBytes = this.#maxMessageBytes
    }
    this.#pump()
    this.#afterRequest()
  }

  #onError(fields: ServerMessageFields): void {
    const endsSession = fields.severity === 'FATAL' || fields.severity === 'PANIC'
    const { head } = this.#pipeline
    const isStarting = this.#state === 'starting'
    if (!endsSession || isStarting) head?.onServerError(fields)
    if (endsSession || isStarting || head === undefined) {
      // The server hangs up after this; waiting for that would only delay everybody.
      this.#end(newPostgresError(fields), false)
    }
  }

  /** Writes what may be written. Gives whether a request ended by it, refused. */
  #pump(): boolean {
    if (this.#state === 'starting' || this.#state === 'closed') return false
    let refused = false
    while (this.#isDrained && !this.#cancellation.holdsBack) {
      const request = this.#pipeline.next()
      if (request === undefined) break
      const first = this.#firstOf(request)
      if (first === undefined && !request.isWritable()) break
      const error = this.#writeRequest(first ?? request)
      if (error === undefined) {
        if (first === undefined) this.#pipeline.markWritten()
        else this.#pipeline.addWritten(first)
      } else if (first === undefined) {
        this.#pipeline.dropNext()
        request.onRefused(error.cause)
        refused = true
      } else {
        first.onRefused(error.cause)
      }
      if (this.out.length >= LONG_BATCH_BYTES) this.#write()
    }
    if (this.out.length > 0) this.flush()
    return refused
  }

  /** What has to be written before `request`. */
  #firstOf(request: Request): Request | undefined {
    const { statements } = this.session
    return statements.hasEvicted
      ? new CloseStatementsRequest(statements.takeEvicted())
      : request.prerequisite(this)
  }

  /** Writes all of it, or nothing and gives what it threw. */
  #writeRequest(request: Request): { readonly cause: unknown } | undefined {
    const mark = this.out.mark()
    try {
      request.write(this)
    } catch (cause) {
      this.out.rewind(mark)
      return { cause }
    }
    if (request.changesSession) this.session.hasChanged = true
    return undefined
  }

  #write(): void {
    this.#isFlushScheduled = false
    if (this.#state === 'closed' || this.out.length === 0) return
    this.#isDrained = this.#transport?.write(this.out.take()) ?? true
    // Buffers that are made anew for each write make the collector run all the time.
    if (this.#transport?.isWritten) this.out.restart()
  }

  #afterRequest(): void {
    if (!this.isIdle) return
    if (this.#state === 'closing') this.#terminate()
    else if (this.#state === 'ready') this.handler.onIdle()
  }

  #terminate(): void {
    writeTerminate(this.out)
    this.flush()
    queueMicrotask(() => this.#transport?.end())
    this.#terminateTimer = setTimeout(() => this.#end(undefined, true), TERMINATE_GRACE_MS)
  }

  #end(cause: Error | undefined, wanted: boolean): void {
    if (this.#state === 'closed') return
    const phase: ConnectPhase = this.#state === 'starting' ? 'startup' : 'ready'
    if (!wanted) this.#fate.onLost(cause)
    this.#enter('lost')
    clearTimeout(this.#terminateTimer)
    this.#cancellation.stop()
    this.#framer.stop()
    this.#transport?.destroy()
    this.#pipeline.failAll((written, isHead) =>
      isHead && cause instanceof ProtocolError ? cause : this.#fate.error(written, phase),
    )
    if (phase === 'ready') {
      this.handler.onClosed(wanted ? undefined : this.#fate.error(true, phase))
    }
    this.#resolveClosed()
  }

  #enter(event: ConnectionEvent): void {
    const next = nextState(this.#state, event)
    if (next === undefined) throw new ProtocolError(`"${event}" in the state "${this.#state}"`)
    this.#state = next
  }
}
