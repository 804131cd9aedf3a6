import {
  DecodeError,
  InterfaceError,
  ProtocolError,
  type ServerMessageFields,
} from '../base/errors.js'
import type { TransactionStatus } from '../protocol/messages.js'
import type { TypeMap } from '../types/type-map.js'
import { Preparation } from './preparation.js'
import { PromiseRequest, type Request, type Wire } from './request.js'
import { CloseStatementsRequest } from './requests/close-statements.js'
import { PrepareRequest } from './requests/prepare.js'
import type { Session } from './session.js'
import type { SessionStatement } from './session-statement.js'
import type { StaleRows } from './stale-rows.js'
import { forgetStale, onMisfit } from './stale-statement.js'
import type { StatementDescription } from './statement-description.js'
import { type StatementHandle, type StatementSource, textOf } from './statement-handle.js'
import type { StatementPlan } from './statement-plan.js'
import { isPlainRead } from './statement-text.js'
import { TypeNeeds } from './type-needs.js'

/**
 * A request that binds a prepared statement. It finds or makes the statement when it is written:
 *
 * - known to the server: Bind at once
 * - new, and its description known from another connection, or nothing of it needed: Parse and Bind together
 * - new: a {@link PrepareRequest} goes first, and this request when that was answered
 *
 * A statement that has become stale is prepared anew, and the request run once more, when that shows
 * before anything has happened.
 */
export abstract class StatementRequest<T> extends PromiseRequest<T> {
  protected readonly queryText: string
  protected readonly parameters: readonly unknown[]
  /** Known once it was written. */
  protected plan: StatementPlan | undefined
  protected session: Session | undefined
  #statement: SessionStatement | undefined
  /** Where the statement comes from, if not from the cache. */
  readonly #handle: StatementHandle | undefined
  /** The request that prepares the statement for this one alone. */
  #prepare: PrepareRequest | undefined
  /** Parse and Describe as part of this request, until they are answered. */
  #preparation: Preparation | undefined
  #isBlind = false
  /** It was bound by a description that turned out to be no longer true. */
  #isOutdated = false
  /** What is thought to be the description of a statement that is parsed with this request. */
  #expected: StatementDescription | undefined
  #wire: Wire | undefined
  /** Since a type was not known. */
  #types: TypeNeeds | undefined
  readonly #typeOptions: Readonly<Record<string, unknown>> | undefined
  #runs: 'once' | 'again' | 'twice' = 'once'

  /** @param types options for this request alone; see `TypeOptions` */
  constructor(
    statement: StatementSource,
    parameters: readonly unknown[],
    types?: Readonly<Record<string, unknown>>,
  ) {
    super()
    this.#typeOptions = types
    this.#handle = typeof statement === 'string' ? undefined : statement
    this.queryText = textOf(statement)
    this.parameters = parameters
  }

  /** Appends the messages from Bind on. */
  protected abstract bind(wire: Wire, statement: SessionStatement, plan: StatementPlan): void
  /** Another plan than the one it was bound with is right for the rows that come. */
  protected abstract onPlan(plan: StatementPlan): void
  /** Makes the request as it was before it was written. */
  protected abstract reset(): void
  /** Whether the server has not got beyond Bind. */
  protected abstract get isBinding(): boolean
  /** Appends the request in the simple protocol, for the statement mode of that name. */
  protected writeSimply(_wire: Wire, _statement: SessionStatement): void {
    throw new InterfaceError("this is not possible with the option statementMode 'simple'")
  }
  /** The formats to ask for if it can be bound before anything is known of the statement. */
  protected blindPlan(_wire: Wire): StatementPlan | undefined {
    return undefined
  }

  /** Whether so many parameters were given. */
  protected hasParameters(count: number): boolean {
    return count === this.parameters.length
  }

  /** Whether nothing is lost by running it once more from the start. */
  protected get canRunAgain(): boolean {
    return true
  }

  /** Whether it is run, or about to be run, once more. */
  protected get runsAgain(): boolean {
    return this.#runs !== 'once'
  }

  /** Whether a transaction is open, which would fail if this, or what goes ahead of it, were cancelled. */
  protected get isInTransaction(): boolean {
    return (this.#wire?.session.transactionStatus ?? 'idle') !== 'idle'
  }

  /** Whether it was bound before anything was known of the statement. */
  protected get isBlind(): boolean {
    return this.#isBlind
  }

  get exclusive(): boolean {
    const statement = this.#statement
    if (statement === undefined) return false
    const isBarrier = statement.mayCopy || statement.mayRedefine
    return this.#isBlind || isBarrier || (this.session?.hasDefined ?? false)
  }

  get changesSession(): boolean {
    return this.#statement?.changesSession ?? false
  }

  override get waitsFor(): Request | undefined {
    return this.#statement?.state.kind === 'preparing' ? this.#prepare : this.#types?.waitsFor
  }

  override prerequisite(wire: Wire): Request | undefined {
    const { session } = wire
    this.#wire = wire
    const statement = this.#find(session)
    if (session.statements.mode === 'simple') return undefined
    const { state } = statement
    if (state.kind === 'ready') return this.#typesFirst(state.description, wire)
    if (state.kind !== 'new') return undefined
    this.#expected = session.descriptionOf(this.queryText)
    if (this.#expected !== undefined) {
      const lookup = this.#typesFirst(this.#expected, wire)
      if (lookup !== undefined || this.#types?.isPending) return lookup
    }
    this.plan = this.#expected?.planFor(this.typesOf(session)) ?? this.blindPlan(wire)
    if (this.plan !== undefined) return undefined
    this.#prepare = new PrepareRequest(statement, session)
    return this.#prepare
  }

  override isWritable(): boolean {
    return this.#statement?.state.kind !== 'preparing' && !this.#types?.isPending
  }

  write(wire: Wire): void {
    const statement = this.#statement
    if (statement === undefined) throw new InterfaceError('the query was never submitted')
    if (this.#types?.error !== undefined) throw this.#types.error
    const { session } = wire
    this.#wire = wire
    this.session = session
    if (session.statements.mode === 'simple') {
      this.writeSimply(wire, statement)
      return
    }
    const { state } = statement
    switch (state.kind) {
      case 'ready': {
        const { description } = state
        this.plan = description.planFor(this.typesOf(session))
        if (statement.name === '') this.#prepareWith(wire, statement, description)
        break
      }
      case 'new':
        this.#isBlind = this.#expected === undefined
        this.#prepareWith(wire, statement, this.#expected)
        break
      case 'refused':
        throw state.newError()
      case 'preparing':
        throw new InterfaceError('the statement is not prepared')
    }
    if (this.plan === undefined) throw new InterfaceError('the statement is not prepared')
    this.bind(wire, statement, this.plan)
  }

  #prepareWith(
    { out, session }: Wire,
    statement: SessionStatement,
    expected: StatementDescription | undefined,
  ): void {
    this.#preparation = new Preparation(statement, session, expected)
    this.#preparation.write(out)
  }

  /** What belongs to Parse and Describe; gives false for all else. */
  protected onPreparation(code: number, buf: Buffer, start: number, end: number): boolean {
    const preparation = this.#preparation
    if (preparation === undefined) return false
    preparation.onMessage(code, buf, start, end)
    if (preparation.isOver) this.#onDescribed()
    return true
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    const preparation = this.#preparation
    if (preparation === undefined) {
      const { session } = this
      if (!this.isBinding || session === undefined || this.#statement === undefined) return
      const isStale = forgetStale(this.#statement, session, fields)
      if (isStale || this.#isOutdated) this.#runAgainOnce()
      return
    }
    this.#preparation = undefined
    preparation.onServerError(fields)
    // The name may be taken, or the fault in the types that the parameters were declared with.
    const isNameTaken = this.#statement?.isDropped && this.#statement.state.kind === 'new'
    if (!this.#isBlind || isNameTaken) this.#runAgainOnce()
  }

  override onReady(status: TransactionStatus): void {
    const isDue = this.#runs === 'again' && status === 'idle' && !this.isSettled
    if (!isDue || !this.canRunAgain || !this.#keepsOrder()) {
      super.onReady(status)
      return
    }
    if (!this.isAnswered) throw new ProtocolError('ReadyForQuery before the end of an answer')
    this.#runs = 'twice'
    this.#isBlind = false
    this.#isOutdated = false
    this.#statement = undefined
    this.#types = undefined
    this.forgetFailure()
    this.reset()
    this.#wire?.runAgain(this)
  }

  /** What was prepared or parsed with the request need not be prepared any more, since nothing of it was sent. */
  override onRefused(error: unknown): void {
    this.#preparation?.refuse(() => error)
    this.onMisfit(error)
    super.onRefused(error)
  }

  /** Parameters could not be encoded. */
  protected onMisfit(error: unknown): void {
    if (this.#statement && this.session) onMisfit(error, this.#statement, this.session)
  }

  /** The codecs that hold for this request: those of the session, with its own options on top. */
  protected typesOf(session: Session): TypeMap {
    return session.types.with(this.#typeOptions)
  }

  /** What has to be asked of the catalogue before the request can be bound. */
  #typesFirst(description: StatementDescription, wire: Wire): Request | undefined {
    if (description.hasPlanFor(this.typesOf(wire.session))) return undefined
    this.#types ??= new TypeNeeds()
    return this.#types.prerequisite(description.typeOids, wire)
  }

  /**
   * For rows that show that a type is another than it was: reads the catalogue anew and settles the
   * request when they are decoded by another plan. Nothing runs twice. Resolves then, in any case.
   */
  protected readAgain(
    stale: StaleRows,
    status: TransactionStatus,
    decode: () => void,
  ): Promise<void> {
    if (!this.isAnswered) throw new ProtocolError('ReadyForQuery before the end of an answer')
    const settle = (error?: unknown): void => {
      if (error !== undefined) this.fail(error)
      super.onReady(status)
    }
    return this.#decodeAgain(stale, decode).then(() => settle(), settle)
  }

  async #decodeAgain(stale: StaleRows, decode: () => void): Promise<void> {
    const { plan: bound, session, description } = this
    const wire = this.#wire
    if (!bound || !session || !wire || !description) throw stale.error
    await stale.lookUp(wire, description.typeOids, () => {
      this.plan = description.planFor(this.typesOf(session)).readAs(bound.resultFormats)
      if (this.plan === undefined) throw stale.error
      this.onPlan(this.plan)
      decode()
    })
  }

  /** What the server has said of the statement. */
  protected get description(): StatementDescription | undefined {
    const state = this.#statement?.state
    return state?.kind === 'ready' ? state.description : undefined
  }

  override onLost(error: Error): void {
    if (this.#runs === 'again') this.forgetFailure()
    super.onLost(error)
  }

  /** The statement that serves now: the one at hand, or what the cache has or makes. */
  #find(session: Session): SessionStatement {
    const known = this.#statement
    const isRefused = known?.state.kind === 'refused'
    const isMine = this.#prepare !== undefined
    if (known !== undefined && (isRefused ? isMine : !known.isDropped)) return known
    this.#prepare = undefined
    const { statements } = session
    this.#statement =
      this.#handle?.find(session) ??
      statements.get(this.queryText) ??
      statements.add(this.queryText)
    return this.#statement
  }

  #onDescribed(): void {
    this.#preparation = undefined
    const { session, plan: bound } = this
    const state = this.#statement?.state
    if (session === undefined || bound === undefined || state?.kind !== 'ready') return
    const plan = state.description.planFor(this.typesOf(session))
    if (plan === bound) return
    this.#isOutdated = !this.#isBlind
    const expects = plan.parameters.length
    if (!this.hasParameters(expects)) {
      const { length } = this.parameters
      this.fail(new InterfaceError(`the query has ${expects} parameters, but ${length} were given`))
    }
    const readable = plan.readAs(bound.resultFormats)
    this.plan = readable ?? plan
    if (readable !== undefined) {
      this.onPlan(readable)
      return
    }
    this.fail(new DecodeError('the columns of the query have changed since it was prepared'))
    if (isPlainRead(this.queryText)) this.#runAgainOnce()
  }

  #runAgainOnce(): void {
    if (this.#runs === 'once' && this.canRunAgain) this.#runs = 'again'
  }

  /** Whether to run again now gives what it would have given in its turn. */
  #keepsOrder(): boolean {
    return this.#wire?.everyBehindHead((other) => this.#mayRunBehind(other)) ?? false
  }

  /**
   * Whether it makes no difference that `other`, which was written behind it, has run or will before it:
   * it fails for the same reason, was before it in the first place, or both only read.
   */
  #mayRunBehind(other: Request): boolean {
    if (!(other instanceof StatementRequest)) {
      return other instanceof PrepareRequest || other instanceof CloseStatementsRequest
    }
    if (other.#statement === this.#statement || other.#runs === 'twice') return true
    return isPlainRead(this.queryText) && isPlainRead(other.queryText)
  }
}
