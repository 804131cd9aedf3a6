import { InterfaceError } from '../../base/errors.js'
import { beginBind, finishBind, writeExecute, writeParse } from '../../protocol/frontend.js'
import type { TypeMap } from '../../types/type-map.js'
import type { Request, Wire } from '../request.js'
import type { Session } from '../session.js'
import { SessionStatement } from '../session-statement.js'
import type { StatementPlan } from '../statement-plan.js'
import { TypeNeeds } from '../type-needs.js'
import { PrepareRequest } from './prepare.js'

/** A COPY statement, which may depend on what a query that is described before it gives. */
export class CopyCommand {
  readonly #describedText: string | undefined
  readonly #compose: (plan: StatementPlan | undefined) => string
  readonly #typeOptions: Readonly<Record<string, unknown>> | undefined
  #described: SessionStatement | undefined
  #prepare: PrepareRequest | undefined
  /** Since a type was not known. */
  #types: TypeNeeds | undefined

  private constructor(
    describedText: string | undefined,
    compose: (plan: StatementPlan | undefined) => string,
    types?: Readonly<Record<string, unknown>>,
  ) {
    this.#describedText = describedText
    this.#compose = compose
    this.#typeOptions = types
  }

  static of(text: string): CopyCommand {
    return new this(undefined, () => text)
  }

  /** A command whose text `compose` makes of the plan of `query`, which is described and not run. */
  static describing(
    query: string,
    compose: (plan: StatementPlan) => string,
    types?: Readonly<Record<string, unknown>>,
  ): CopyCommand {
    const describe = (plan: StatementPlan | undefined): string => {
      if (plan === undefined) throw new InterfaceError('the query is not described')
      return compose(plan)
    }
    return new this(query, describe, types)
  }

  /** See {@link Request.waitsFor}. */
  get waitsFor(): Request | undefined {
    return this.#described?.state.kind === 'preparing' ? this.#prepare : this.#types?.waitsFor
  }

  /** See {@link Request.prerequisite}. */
  prerequisite(wire: Wire): Request | undefined {
    const { session } = wire
    if (this.#describedText === undefined) return undefined
    if (this.#described !== undefined) return this.#typesFirst(this.#described, wire)
    // Not from the cache: of a table that has changed the bytes could be taken for another type.
    this.#described = new SessionStatement('', this.#describedText)
    this.#prepare = new PrepareRequest(this.#described, session)
    return this.#prepare
  }

  /** See {@link Request.isWritable}. */
  isWritable(): boolean {
    return this.#described?.state.kind !== 'preparing' && !this.#types?.isPending
  }

  /** Appends Parse, Bind and Execute: unlike Query, they refuse a text of several statements. Gives the text. */
  write({ out, session }: Wire): string {
    if (this.#types?.error !== undefined) throw this.#types.error
    const text = this.#compose(this.#plan(session))
    writeParse(out, '', text)
    beginBind(out, '', '')
    out.uint16(0)
    out.uint16(0)
    finishBind(out, [])
    writeExecute(out, '', 0)
    return text
  }

  /** What has to be asked of the catalogue before values can be encoded or decoded. */
  #typesFirst({ state }: SessionStatement, wire: Wire): Request | undefined {
    if (state.kind !== 'ready' || state.description.hasPlanFor(this.#typesOf(wire.session)))
      return undefined
    this.#types ??= new TypeNeeds()
    return this.#types.prerequisite(state.description.typeOids, wire)
  }

  #typesOf(session: Session): TypeMap {
    return session.types.with(this.#typeOptions)
  }

  #plan(session: Session): StatementPlan | undefined {
    if (this.#described === undefined) return undefined
    const { state } = this.#described
    if (state.kind === 'ready') return state.description.planFor(this.#typesOf(session))
    throw state.kind === 'refused' ? state.newError() : new InterfaceError('not described')
  }
}
