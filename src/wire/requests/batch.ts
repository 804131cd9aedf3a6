import {
  DecodeError,
  InterfaceError,
  ProtocolError,
  type ServerMessageFields,
  SluiceError,
} from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import { beginBind, finishBind, writeExecute, writeSync } from '../../protocol/frontend.js'
import { Backend, type TransactionStatus } from '../../protocol/messages.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import { Preparation } from '../preparation.js'
import { PromiseRequest, type Request, unexpectedMessage, type Wire } from '../request.js'
import type { Session } from '../session.js'
import { SessionStatement } from '../session-statement.js'
import { StaleRows } from '../stale-rows.js'
import { forgetStale, onMisfit } from '../stale-statement.js'
import type { StatementPlan } from '../statement-plan.js'
import { isUndoneByRollback } from '../statement-text.js'
import { TypeNeeds } from '../type-needs.js'
import { CloseStatementsRequest } from './close-statements.js'
import { PrepareRequest } from './prepare.js'
import type { ResultShape } from './query.js'
import { copyRefused, startsCopy } from './refused-copy.js'

/** One statement of a batch. */
export interface BatchItem {
  readonly text: string
  readonly parameters: readonly unknown[]
}

/** What is known of an item, and what it gave. */
class Part {
  readonly item: BatchItem
  /** Unnamed in the place of one that has left the cache. */
  statement: SessionStatement
  plan: StatementPlan | undefined
  decodeRow: RowDecoder<unknown> | undefined
  /** Parse and Describe, where it has no name, until they are answered. */
  preparation: Preparation | undefined
  isBound = false
  /** It was bound by a description that turned out to be no longer true. */
  isOutdated = false
  rows: unknown[] = []
  /** Since a row came that its type does not account for. */
  stale: StaleRows | undefined
  tag = ''

  constructor(item: BatchItem, statement: SessionStatement) {
    this.item = item
    this.statement = statement
  }
}

/**
 * Several statements with one Sync, so that without a transaction they are one: all or nothing. Those
 * that are new to the server are prepared before, in a trip of their own.
 *
 * When one has become stale all are prepared anew and run once more, where no transaction is open: what
 * those before it did was rolled back.
 */
export class BatchRequest<T> extends PromiseRequest<T[]> {
  readonly exclusive = false
  readonly #items: readonly BatchItem[]
  readonly #shape: ResultShape<T>
  readonly #typeOptions: Readonly<Record<string, unknown>> | undefined
  #parts: Part[] | undefined
  /** What prepares statements for this one. */
  #prepares: Map<SessionStatement, PrepareRequest> | undefined
  /** The part that is being answered. */
  #at = 0
  #wire: Wire | undefined
  #isRefused = false
  #runs: 'once' | 'again' | 'twice' = 'once'
  /** Since a type was not known. */
  #types: TypeNeeds | undefined

  constructor(
    items: readonly BatchItem[],
    shape: ResultShape<T>,
    types?: Readonly<Record<string, unknown>>,
  ) {
    super()
    this.#items = items
    this.#shape = shape
    this.#typeOptions = types
  }

  protected get queryText(): string | undefined {
    return this.#items[this.#at]?.text
  }

  get changesSession(): boolean {
    return this.#parts?.some(({ statement }) => statement.changesSession) ?? false
  }

  protected get isAnswered(): boolean {
    return this.#isRefused || this.#at === this.#items.length
  }

  override prerequisite(wire: Wire): Request | undefined {
    const { session } = wire
    this.#parts ??= this.#items.map((item) => {
      const { statements } = session
      return new Part(item, statements.get(item.text) ?? statements.add(item.text))
    })
    for (const part of this.#parts) {
      const { statement, item } = part
      const { kind } = statement.state
      const isNameTaken = kind === 'new' && statement.isDropped
      // Perhaps because it was given up by whoever had it prepared.
      const isRefusedToOthers = kind === 'refused' && !this.#prepares?.has(statement)
      if (isNameTaken || isRefusedToOthers) {
        part.statement = session.statements.get(item.text) ?? session.statements.add(item.text)
      }
      if (part.statement.state.kind !== 'new') continue
      const prepare = new PrepareRequest(part.statement, session)
      this.#prepares ??= new Map()
      this.#prepares.set(part.statement, prepare)
      return prepare
    }
    // Types are looked up for all of them together.
    return this.isWritable() ? this.#typesFirst(this.#parts, wire) : undefined
  }

  /** What has to be asked of the catalogue before values can be encoded or decoded, for all parts at once. */
  #typesFirst(parts: readonly Part[], wire: Wire): Request | undefined {
    const typeOids: number[] = []
    const types = wire.session.types.with(this.#typeOptions)
    for (const { statement } of parts) {
      const { state } = statement
      if (state.kind !== 'ready' || state.description.hasPlanFor(types)) continue
      typeOids.push(...state.description.typeOids)
    }
    if (typeOids.length === 0) return undefined
    this.#types ??= new TypeNeeds()
    return this.#types.prerequisite(typeOids, wire)
  }

  override get waitsFor(): Request | readonly Request[] | undefined {
    const prepares = [...(this.#prepares ?? [])].filter(([{ state }]) => state.kind === 'preparing')
    return prepares.length > 0 ? prepares.map(([, prepare]) => prepare) : this.#types?.waitsFor
  }

  override isWritable(): boolean {
    if (this.#types?.isPending) return false
    return this.#parts?.every(({ statement }) => statement.state.kind !== 'preparing') ?? true
  }

  write(wire: Wire): void {
    const { out, session } = wire
    this.#wire = wire
    if (this.#types?.error !== undefined) throw this.#types.error
    const parts = this.#parts ?? []
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]
      if (part === undefined) continue
      try {
        this.#writePart(part, session, out)
      } catch (error) {
        throw ofItem(error, i)
      }
    }
    writeSync(out)
  }

  #writePart(part: Part, session: Session, out: Wire['out']): void {
    const { item } = part
    const { state } = part.statement
    if (state.kind === 'refused') throw state.newError()
    if (state.kind !== 'ready') throw new InterfaceError('the statement is not prepared')
    const { description } = state
    const plan = description.planFor(session.types.with(this.#typeOptions))
    if (startsCopy(part.statement, plan)) throw copyRefused()
    part.plan = plan
    part.decodeRow = this.#shape.decoder?.(plan)
    // One that left the cache meanwhile is closed before this is read.
    if (part.statement.isDropped) {
      part.statement = new SessionStatement('', item.text)
      part.statement.onDescribed(description)
    }
    const { name } = part.statement
    if (name === '') {
      part.preparation = new Preparation(part.statement, session, description)
      part.preparation.write(out)
    }
    beginBind(out, '', name)
    plan.encodeParameters(item.parameters, out)
    finishBind(out, plan.resultFormats)
    writeExecute(out, '', this.#shape.maxRows)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const part = this.#parts?.[this.#at]
    if (part === undefined || this.#isRefused) throw unexpectedMessage(code, 'a batch')
    const { preparation } = part
    if (preparation !== undefined) {
      preparation.onMessage(code, buf, start, end)
      if (preparation.isOver) this.#onDescribed(part)
      return
    }
    if (!part.isBound) {
      if (code !== Backend.BindComplete) throw unexpectedMessage(code, 'a batch')
      readEmpty(code, start, end)
      part.isBound = true
      return
    }
    switch (code) {
      case Backend.DataRow:
        this.#onRow(part, buf, start, end)
        return
      case Backend.CommandComplete:
        part.tag = readCommandComplete(buf, start, end)
        this.#wire?.session.onCommand(part.tag, part.item.text)
        this.#at += 1
        return
      case Backend.EmptyQueryResponse:
        readEmpty(code, start, end)
        this.#at += 1
        return
      default:
        throw unexpectedMessage(code, 'a batch')
    }
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#isRefused = true
    const session = this.#wire?.session
    const part = this.#parts?.[this.#at]
    if (part === undefined || session === undefined || part.isBound) return
    const { preparation } = part
    preparation?.onServerError(fields)
    const isStale = forgetStale(part.statement, session, fields)
    if (!isStale && !part.isOutdated && preparation === undefined) return
    // If one is not what it was, the others may not be either.
    for (const { statement } of this.#parts ?? []) session.statements.delete(statement)
    if (this.#runs === 'once' && this.#isUndone(this.#at)) this.#runs = 'again'
  }

  override onRefused(error: unknown): void {
    const session = this.#wire?.session
    for (const { statement } of this.#parts ?? []) {
      if (session !== undefined) onMisfit(error, statement, session)
    }
    super.onRefused(error)
  }

  override onLost(error: Error): void {
    if (this.#runs === 'again') this.forgetFailure()
    super.onLost(error)
  }

  override onReady(status: TransactionStatus): void {
    const wire = this.#wire
    if (this.#runs === 'again' && status === 'idle' && !this.isSettled && this.#keepsOrder()) {
      this.#runs = 'twice'
      this.#at = 0
      this.#parts = undefined
      this.#prepares = undefined
      this.#types = undefined
      this.#isRefused = false
      this.forgetFailure()
      wire?.runAgain(this)
      return
    }
    const parts = this.#parts?.filter(({ stale }) => stale !== undefined) ?? []
    const [first] = parts
    if (first?.stale === undefined || wire === undefined || this.failed || !this.isAnswered) {
      super.onReady(status)
      return
    }
    const settle = (error?: unknown): void => {
      if (error !== undefined) super.fail(ofItem(error, this.#parts?.indexOf(first) ?? 0))
      super.onReady(status)
    }
    this.#decodeAgain(parts, wire, first.stale).then(() => settle(), settle)
  }

  protected override fail(error: unknown): void {
    super.fail(ofItem(error, this.#at))
  }

  protected result(): T[] {
    return (this.#parts ?? []).map(({ rows, tag, plan }) => {
      if (plan === undefined) throw new InterfaceError('the batch was never sent')
      return this.#shape.result(rows, tag, plan)
    })
  }

  /** Whether a rollback undoes all before the part at `end`. */
  #isUndone(end: number): boolean {
    return (this.#parts ?? [])
      .slice(0, end)
      .every(({ item, statement }) => isUndoneByRollback(item.text) && !statement.changesSession)
  }

  /** Whether nothing was written behind it but what fails for the same reason, and so leaves nothing behind. */
  #keepsOrder(): boolean {
    const failed = this.#parts?.[this.#at]?.item.text
    const isHarmless = (other: Request): boolean => {
      if (!(other instanceof BatchRequest)) {
        return other instanceof PrepareRequest || other instanceof CloseStatementsRequest
      }
      const at = other.#items.findIndex(({ text }) => text === failed)
      return at !== -1 && other.#isUndone(at)
    }
    return this.#wire?.everyBehindHead(isHarmless) ?? false
  }

  /** A statement without a name was described again. */
  #onDescribed(part: Part): void {
    part.preparation = undefined
    const { state } = part.statement
    const types = this.#wire?.session.types.with(this.#typeOptions)
    if (state.kind !== 'ready' || types === undefined) return
    const plan = state.description.planFor(types)
    if (plan === part.plan) return
    part.isOutdated = true
    try {
      part.plan = plan.readAs(part.plan?.resultFormats ?? [])
      if (part.plan === undefined) {
        throw new DecodeError('the columns of the query have changed since it was prepared')
      }
      part.decodeRow = this.#shape.decoder?.(part.plan)
    } catch (error) {
      this.fail(error)
    }
  }

  #onRow(part: Part, buf: Buffer, start: number, end: number): void {
    if (this.failed || part.decodeRow === undefined) return
    if (part.stale !== undefined) {
      part.stale.add(buf, start, end)
      return
    }
    try {
      part.rows.push(part.decodeRow(buf, start, end))
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      part.stale = StaleRows.of(error, buf, start, end)
      if (part.stale === undefined) this.fail(error)
    }
  }

  /** Decodes what is stale when the catalogue was read anew. */
  #decodeAgain(parts: readonly Part[], wire: Wire, stale: StaleRows): Promise<void> {
    const descriptions = parts.map(({ statement: { state } }) => {
      if (state.kind !== 'ready') throw new InterfaceError('the statement is not prepared')
      return state.description
    })
    const typeOids = descriptions.flatMap((each) => each.typeOids)
    return stale.lookUp(wire, typeOids, () => {
      const types = wire.session.types.with(this.#typeOptions)
      for (const [i, part] of parts.entries()) {
        if (part.stale === undefined) continue
        const plan = descriptions[i]?.planFor(types).readAs(part.plan?.resultFormats ?? [])
        const decodeRow = plan && this.#shape.decoder?.(plan)
        if (decodeRow === undefined) throw stale.error
        part.plan = plan
        part.rows = part.rows.concat(part.stale.decode(decodeRow))
        part.stale = undefined
      }
    })
  }
}

/** An error that tells which item it is of. */
function ofItem(error: unknown, index: number): unknown {
  if (error instanceof SluiceError) error.batchIndex = index
  return error
}
