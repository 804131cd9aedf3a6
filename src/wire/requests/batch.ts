import {
  InterfaceError,
  ProtocolError,
  type ServerMessageFields,
  SluiceError,
} from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import {
  beginBind,
  finishBind,
  writeExecute,
  writeParse,
  writeSync,
} from '../../protocol/frontend.js'
import { Backend } from '../../protocol/messages.js'
import { encodeParameters } from '../../types/parameters.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import type { PreparedStatement } from '../prepared-statement.js'
import { PromiseRequest, type Request, unexpectedMessage, type Wire } from '../request.js'
import type { Session } from '../session.js'
import type { StatementPlan } from '../statement-plan.js'
import { TypeNeeds } from '../type-needs.js'
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
  readonly statement: PreparedStatement
  plan: StatementPlan | undefined
  decodeRow: RowDecoder<unknown> | undefined
  /** The messages due before its rows. */
  owed: number[] = []
  readonly rows: unknown[] = []
  tag = ''

  constructor(item: BatchItem, statement: PreparedStatement) {
    this.item = item
    this.statement = statement
  }
}

/**
 * Several statements with one Sync, so that without a transaction they are one: all or nothing. Those
 * that are new to the server are prepared before, in a trip of their own.
 */
export class BatchRequest<T> extends PromiseRequest<T[]> {
  readonly exclusive = false
  readonly #items: readonly BatchItem[]
  readonly #shape: ResultShape<T>
  readonly #typeOptions: Readonly<Record<string, unknown>> | undefined
  #parts: Part[] | undefined
  /** The part that is being answered. */
  #at = 0
  #session: Session | undefined
  #isRefused = false
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
    for (const { statement } of this.#parts) {
      if (statement.state.kind === 'new') return new PrepareRequest(statement, session)
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

  override isWritable(): boolean {
    if (this.#types?.isPending) return false
    return this.#parts?.every(({ statement }) => statement.state.kind !== 'preparing') ?? true
  }

  write({ out, session }: Wire): void {
    this.#session = session
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

  #writePart(part: Part, { types }: Session, out: Wire['out']): void {
    const { item, statement } = part
    const { state } = statement
    if (state.kind === 'refused') throw state.newError()
    if (state.kind !== 'ready') throw new InterfaceError('the statement is not prepared')
    const { description } = state
    const plan = description.planFor(types.with(this.#typeOptions))
    if (startsCopy(statement, plan)) throw copyRefused()
    part.plan = plan
    part.decodeRow = this.#shape.decoder?.(plan)
    // One that left the cache meanwhile is closed before this is read.
    const name = statement.isDropped ? '' : statement.name
    if (name === '') {
      writeParse(out, '', item.text, description.parameterTypeOids)
      part.owed.push(Backend.ParseComplete)
    }
    part.owed.push(Backend.BindComplete)
    beginBind(out, '', name)
    encodeParameters(plan.parameters, item.parameters, out)
    finishBind(out, plan.resultFormats)
    writeExecute(out, '', this.#shape.maxRows)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const part = this.#parts?.[this.#at]
    if (part === undefined || this.#isRefused) throw unexpectedMessage(code, 'a batch')
    if (part.owed.length > 0) {
      if (code !== part.owed.shift()) throw unexpectedMessage(code, 'a batch')
      readEmpty(code, start, end)
      return
    }
    switch (code) {
      case Backend.DataRow:
        this.#onRow(part, buf, start, end)
        return
      case Backend.CommandComplete:
        part.tag = readCommandComplete(buf, start, end)
        this.#session?.onCommand(part.tag, part.item.text)
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
    const part = this.#parts?.[this.#at]
    // It is of no use to the next either, if it is gone or its plan stale.
    const isStale = fields.code === '26000' || fields.code === '0A000'
    if (part !== undefined && isStale) this.#session?.statements.delete(part.statement)
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

  #onRow(part: Part, buf: Buffer, start: number, end: number): void {
    if (this.failed || part.decodeRow === undefined) return
    try {
      part.rows.push(part.decodeRow(buf, start, end))
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      this.fail(error)
    }
  }
}

/** An error that tells which item it is of. */
function ofItem(error: unknown, index: number): unknown {
  if (error instanceof SluiceError) error.batchIndex = index
  return error
}
