import { ProtocolError, type ServerMessageFields } from '../base/errors.js'
import { readCommandComplete } from '../protocol/backend.js'
import { Backend, type TransactionStatus } from '../protocol/messages.js'
import type { RowDecoder } from '../types/row-decoder.js'
import type { Request, RequestHolder, Wire } from '../wire/request.js'
import { unexpectedMessage } from '../wire/request.js'
import type { Connection } from './connection.js'
import { DatabaseError } from './database-error.js'
import { attempt } from './foreign.js'
import type { Submittable } from './messages.js'
import { Query } from './query.js'
import { fieldDef } from './result.js'
import { type KnownDescription, parserError, type RowReaders } from './row-reader.js'

/** What a request tells its client. */
export interface SubmittableOwner {
  readonly connection: Connection
  readonly rowReaders: RowReaders
  /** Whether requests may be written behind each other. */
  readonly pipeline: boolean
  /** The server has refused it; ReadyForQuery is still to come. */
  onFailed(request: SubmittableRequest): void
  /** The server had forgotten its statement: it is to be sent once more, before all others. */
  onForgotten(request: SubmittableRequest): void
  /** The server is ready for the next query. */
  onReady(status: TransactionStatus): void
  onOver(request: SubmittableRequest): void
  /** What to tell a Submittable whose connection is gone. */
  lossOf(error: Error): Error
}

const INVALID_STATEMENT_NAME = '26000'
const FEATURE_NOT_SUPPORTED = '0A000'

/** Messages of which listeners of the connection are told and nobody else. */
const PLAIN_MESSAGES: Readonly<Record<number, string>> = {
  [Backend.BindComplete]: 'bindComplete',
  [Backend.CloseComplete]: 'closeComplete',
  [Backend.NoData]: 'noData',
  [Backend.ParameterDescription]: 'parameterDescription',
  [Backend.CopyOutResponse]: 'copyOutResponse',
  [Backend.CopyDone]: 'copyDone',
}

/** Lends the connection to a Submittable and calls its methods, as pg's client does. */
export class SubmittableRequest implements Request {
  readonly submittable: Submittable
  readonly isLimited = false
  readonly changesSession = true
  readonly waitsFor = undefined
  readonly #owner: SubmittableOwner
  #holder: RequestHolder | undefined
  #isOver = false
  #isWithdrawn = false
  /** The Submittable has been told of an error; the rest of the answer is for nobody. */
  #hasFailed = false
  /** That the server has forgotten its statement; told unless it can be sent once more. */
  #forgotten: DatabaseError | undefined
  #wasRepeated = false
  /** Rows are read without a message of their own. */
  #decodeRow: RowDecoder<unknown> | undefined

  constructor(submittable: Submittable, owner: SubmittableOwner) {
    this.submittable = submittable
    this.#owner = owner
  }

  get exclusive(): boolean {
    return !this.#owner.pipeline
  }

  get isSettled(): boolean {
    return this.#isOver
  }

  onSubmitted(holder: RequestHolder): void {
    this.#holder = holder
  }

  prerequisite(): undefined {
    return undefined
  }

  isWritable(): boolean {
    return true
  }

  /** Takes it out of the queue without telling it. False when it was sent already. */
  withdraw(): boolean {
    if (this.#isOver) return true
    this.#isWithdrawn = true
    const wasSent = this.#holder?.abandon(this) ?? false
    if (!wasSent) this.#isOver = true
    return !wasSent
  }

  write(wire: Wire): void {
    const { connection } = this.#owner
    connection._lend(wire)
    const error = this.submittable.submit(connection as never)
    if (error instanceof Error) throw error
  }

  onRows(buf: Buffer, start: number, end: number, maxBodyBytes: number): number {
    const run = this.#decodeRow?.run
    if (run === undefined || this.#hasFailed) return start
    const rows = (this.submittable as Query)._rowsUnheard
    return rows === undefined ? start : run(buf, start, end, maxBodyBytes, rows)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    if (code === Backend.DataRow && this.#decodeRow !== undefined) {
      this.#takeRow(this.#decodeRow, buf, start, end)
      return
    }
    const { connection } = this.#owner
    const length = end - start + 4
    const { submittable } = this
    const isDeaf = this.#hasFailed
    switch (code) {
      case Backend.ParseComplete:
        connection._tell('parseComplete', { name: 'parseComplete', length })
        connection._onParsed(submittable)
        return
      case Backend.RowDescription: {
        const description = this.#owner.rowReaders.describe(
          submittable._statement ?? '',
          buf,
          start,
          end,
        )
        const fields = description.fields.map(fieldDef)
        const message = {
          name: 'rowDescription',
          length,
          fieldCount: fields.length,
          fields,
        } as const
        connection._tell('rowDescription', message)
        if (isDeaf) return
        submittable.handleRowDescription?.(message)
        this.#decodeRow = this.#rowDecoder(description)
        return
      }
      case Backend.DataRow: {
        const fields = readTexts(buf, start, end)
        const message = { name: 'dataRow', length, fieldCount: fields.length, fields } as const
        connection._tell('dataRow', message)
        if (!isDeaf) submittable.handleDataRow?.(message)
        return
      }
      case Backend.CommandComplete: {
        const text = readCommandComplete(buf, start, end)
        const message = { name: 'commandComplete', length, text } as const
        connection._tell('commandComplete', message)
        if (!isDeaf) submittable.handleCommandComplete?.(message, connection as never)
        return
      }
      case Backend.EmptyQueryResponse:
        connection._tell('emptyQuery', { name: 'emptyQuery', length })
        if (!isDeaf) submittable.handleEmptyQuery?.(connection as never)
        return
      case Backend.PortalSuspended:
        connection._tell('portalSuspended', { name: 'portalSuspended', length })
        if (!isDeaf) submittable.handlePortalSuspended?.(connection as never)
        return
      case Backend.CopyInResponse:
        connection._tell('copyInResponse', { name: 'copyInResponse', length })
        if (!isDeaf) submittable.handleCopyInResponse?.(connection as never)
        return
      case Backend.CopyData: {
        const chunk = Buffer.from(buf.subarray(start, end))
        const message = { name: 'copyData', length, chunk } as const
        connection._tell('copyData', message)
        if (!isDeaf) submittable.handleCopyData?.(message, connection as never)
        return
      }
      default: {
        const name = PLAIN_MESSAGES[code]
        if (name === undefined) throw unexpectedMessage(code, 'a query of pg')
        connection._tell(name, { name, length })
      }
    }
  }

  onServerError(fields: ServerMessageFields): void {
    const error = DatabaseError.from(fields)
    const { connection } = this.#owner
    connection._tell('errorMessage', error)
    if (this.#hasFailed) return
    this.#hasFailed = true
    connection._onRefused(this.submittable)
    if (this.submittable instanceof Query) this.submittable._syncIfOwed(connection)
    if (this.#isForgotten(error)) {
      this.#forgotten = error
      return
    }
    this.#tell(error)
  }

  #tell(error: DatabaseError): void {
    this.#owner.onFailed(this)
    attempt(() => this.submittable.handleError?.(error, this.#owner.connection as never))
  }

  /**
   * Whether the server has not got a statement any more (after DISCARD ALL, DEALLOCATE), or would not run
   * it (after DDL has changed its columns). Then it is parsed when it is used again.
   */
  #isForgotten({ code, routine }: DatabaseError): boolean {
    const { submittable } = this
    if (!(submittable instanceof Query) || !submittable._isReused) return false
    const isForgotten =
      code === INVALID_STATEMENT_NAME ||
      (code === FEATURE_NOT_SUPPORTED && routine === 'RevalidateCachedQuery')
    if (isForgotten) this.#owner.connection._forget(submittable._statement)
    return isForgotten
  }

  /** Once, and in no transaction: that has failed with it. */
  #isRepeatable(status: TransactionStatus): boolean {
    if (this.#wasRepeated || status !== 'idle' || this.#owner.pipeline) return false
    this.#wasRepeated = true
    return !this.#isWithdrawn
  }

  onReady(status: TransactionStatus): void {
    const { connection } = this.#owner
    this.#owner.onReady(status)
    connection._takeBack(status)
    const forgotten = this.#forgotten
    if (forgotten !== undefined) {
      this.#forgotten = undefined
      if (this.#isRepeatable(status)) {
        this.#hasFailed = false
        this.#owner.onForgotten(this)
        return
      }
      this.#tell(forgotten)
    }
    this.#isOver = true
    if (!this.#hasFailed) {
      attempt(() => this.submittable.handleReadyForQuery?.(connection as never))
    }
    this.#owner.onOver(this)
  }

  onLost(error: Error): void {
    this.onRefused(this.#owner.lossOf(error))
  }

  onRefused(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    const { connection } = this.#owner
    this.#owner.onFailed(this)
    const isTold = this.#hasFailed && this.#forgotten === undefined
    process.nextTick(() => {
      if (!isTold) this.submittable.handleError?.(error as Error, connection as never)
      this.#owner.onOver(this)
    })
  }

  /** The decoder for rows of a plain Query whose messages nobody listens for. */
  #rowDecoder(description: KnownDescription): RowDecoder<unknown> | undefined {
    const { submittable } = this
    const { connection, rowReaders } = this.#owner
    if (!(submittable instanceof Query) || !connection._isUnheard('dataRow')) return undefined
    if (submittable.handleDataRow !== Query.prototype.handleDataRow) return undefined
    return rowReaders.decoderOf(description, submittable._result)
  }

  #takeRow(decode: RowDecoder<unknown>, buf: Buffer, start: number, end: number): void {
    const query = this.submittable as Query
    if (this.#hasFailed || query.hasFailed) return
    let row: Record<string, unknown>
    try {
      row = decode(buf, start, end) as Record<string, unknown>
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      query.fail(parserError(error))
      return
    }
    query.takeRow(row)
  }
}

/** The values of a DataRow as texts. */
function readTexts(buf: Buffer, start: number, end: number): (string | null)[] {
  const count = buf.readInt16BE(start)
  const texts: (string | null)[] = []
  let at = start + 2
  for (let i = 0; i < count; i++) {
    const length = buf.readInt32BE(at)
    at += 4
    if (length < 0) {
      texts.push(null)
      continue
    }
    // Lengths are the server's word.
    if (at + length > end) throw new ProtocolError('a value of a row goes beyond its message')
    texts.push(buf.toString('utf8', at, at + length))
    at += length
  }
  return texts
}
