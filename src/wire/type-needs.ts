import { InterfaceError, PostgresError } from '../base/errors.js'
import { catalogQuery, readTypeDescription } from '../types/catalog.js'
import type { TypeLookup } from '../types/type-catalogue.js'
import type { TypeDescription } from '../types/type-description.js'
import type { Request, Wire } from './request.js'
import { CatalogRequest } from './requests/catalog.js'
import type { Session } from './session.js'

/**
 * How long to wait for what another connection is asking, in ms. It is asked as the next thing on an
 * idle session, so it takes one round trip, unless that connection has died and nobody knows yet.
 */
const SHARED_LOOKUP_PATIENCE_MS = 1_000

/** SQLSTATE of whatever is sent in a transaction that has failed. */
const IN_FAILED_SQL_TRANSACTION = '25P02'

/** What a request has to know of types before it can be bound, and is looked up where nobody knows it. */
export class TypeNeeds {
  #state: 'open' | 'pending' | 'looked-up' = 'open'
  #isPatient = true
  #request: CatalogRequest<TypeDescription> | undefined
  #error: unknown

  /** The lookup that goes ahead of whoever needs it; see {@link Request.waitsFor}. Others do not wait for it alone. */
  get waitsFor(): Request | undefined {
    return this.isPending ? this.#request : undefined
  }

  /** Whether a lookup is under way; whoever needs it waits until `wire.wake()`. */
  get isPending(): boolean {
    return this.#state === 'pending'
  }

  /** Why the types cannot be looked up; undefined if they could. */
  get error(): unknown {
    return this.#error
  }

  /**
   * Gives what has to be written before whatever needs the types: a lookup of those that are unknown;
   * undefined if there is none, or another connection is at it.
   *
   * What the catalogue does not know either is not asked for again: it is read and sent as text.
   */
  prerequisite(
    typeOids: readonly number[],
    wire: Wire,
  ): CatalogRequest<TypeDescription> | undefined {
    if (this.#state === 'looked-up' || this.isPending) return undefined
    const { catalogue, types } = wire.session
    const unknown = types.unknown(typeOids)
    if (unknown.length === 0) return undefined
    this.#state = 'pending'
    const others = this.#isPatient ? catalogue.shared?.lookupOf(unknown) : undefined
    if (others === undefined) return this.#lookUp(unknown, wire)
    this.#waitFor(others, wire)
    return undefined
  }

  #lookUp(typeOids: readonly number[], wire: Wire): CatalogRequest<TypeDescription> {
    const { request, known } = lookUpTypes(typeOids, wire.session)
    const onEnd = (error?: unknown): void => {
      this.#error = error
      this.#state = 'looked-up'
      wire.wake()
    }
    known.then(() => onEnd(), onEnd)
    this.#request = request
    return request
  }

  #waitFor(others: TypeLookup, wire: Wire): void {
    this.#request = undefined
    const onEnd = (): void => {
      stopListening()
      clearTimeout(timer)
      // What was not found there may be found here, where other types can be seen.
      this.#state = 'open'
      wire.wake()
    }
    const stopListening = others.onEnd(onEnd)
    const timer = setTimeout(() => {
      this.#isPatient = false
      onEnd()
    }, SHARED_LOOKUP_PATIENCE_MS)
    timer.unref()
  }
}

/**
 * Looks types up, with all that they are made of. `known` resolves once the session knows them, and those
 * who share its knowledge; it rejects with why they cannot be looked up. The request is to be written at
 * once, since others may wait for it.
 */
export function lookUpTypes(
  typeOids: readonly number[],
  session: Session,
): { readonly request: CatalogRequest<TypeDescription>; readonly known: Promise<void> } {
  const { shared, table } = session.catalogue
  const lookup = shared?.begin(typeOids)
  const onEnd = (found: readonly TypeDescription[]): void => {
    if (lookup === undefined) table.add(found)
    else shared?.end(lookup, found)
  }
  const sql = catalogQuery(typeOids, session.serverMajor)
  const request = new CatalogRequest(sql, readTypeDescription)
  const known = request.promise.then(onEnd, (error: unknown) => {
    onEnd([])
    throw explained(error, typeOids)
  })
  return { request, known }
}

function explained(error: unknown, typeOids: readonly number[]): unknown {
  if (!(error instanceof PostgresError) || error.code !== IN_FAILED_SQL_TRANSACTION) return error
  return new InterfaceError(
    `the types with the OIDs ${typeOids.join(', ')} cannot be looked up, since the transaction has failed; ` +
      'it has to be rolled back first',
    { cause: error },
  )
}
