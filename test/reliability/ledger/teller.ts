import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Pool,
  PostgresError,
  SluiceError,
  type Transaction,
  TransactionOutcomeUnknownError,
} from '../../../src/index.js'
import type { Chance } from '../../unit/pool/chance.js'
import { describe } from '../sweep/watch.js'

export const ACCOUNTS = 20
export const OPENING_BALANCE = 1_000

export const LEDGER_SCHEMA: string = `
  create table accounts (id int primary key, balance bigint not null);
  insert into accounts select n, ${OPENING_BALANCE} from generate_series(0, ${ACCOUNTS - 1}) n;
  create table transfers (id text primary key, source int, target int, amount int);
`

/** What one transfer came to be known as. */
export interface TellerEvents {
  /** Its commit was acknowledged, or found to have taken place. */
  onCommitted(id: string): void
  /** Nobody knows whether it took place; it is tried again, by the same id. */
  onDoubt(): void
  /** One in doubt had taken place. */
  onResolved(): void
  /** An attempt failed; nothing was committed. */
  onFailure(): void
  /** Something that must not be. */
  onDefect(what: string): void
}

/** How long a transfer may take before it is given up and tried again, in ms. */
const TRANSFER_MS = 5_000
const REST_MS = 20

/**
 * Makes transfers until the signal is aborted, each as often as it takes until it is known to be
 * committed. Its id is the key of a table: an attempt that had been committed after all shows by a
 * duplicate, for whose outcome the server waits while it is still open.
 */
export async function runTeller(
  name: string,
  pool: Pool,
  chance: Chance,
  events: TellerEvents,
  signal: AbortSignal,
): Promise<void> {
  for (let number = 1; !signal.aborted; number++) {
    await transfer(`${name}-${number}`, pool, chance, events)
    await sleep(chance.integer(2 * REST_MS))
  }
}

async function transfer(
  id: string,
  pool: Pool,
  chance: Chance,
  events: TellerEvents,
): Promise<void> {
  const source = chance.integer(ACCOUNTS)
  const target = (source + 1 + chance.integer(ACCOUNTS - 1)) % ACCOUNTS
  const amount = 1 + chance.integer(10)
  let isInDoubt = false
  for (;;) {
    try {
      // Two transfers the other way round are a deadlock, which is tried again.
      await pool.transaction((tx) => post(tx, [id, source, target, amount]), {
        retry: { attempts: 5, backoff: { min: 5, max: 50 } },
        timeout: TRANSFER_MS,
      })
      return events.onCommitted(id)
    } catch (error) {
      if (error instanceof PostgresError && error.condition === 'unique_violation') {
        if (isInDoubt) events.onResolved()
        else events.onDefect(`${id} was committed, although each attempt had failed for sure`)
        return events.onCommitted(id)
      }
      if (error instanceof TransactionOutcomeUnknownError) {
        isInDoubt = true
        events.onDoubt()
      } else if (error instanceof SluiceError) {
        events.onFailure()
      } else {
        events.onDefect(`${id}: ${describe(error)}`)
      }
      await sleep(10 + chance.integer(REST_MS))
    }
  }
}

async function post(
  tx: Transaction,
  [id, source, target, amount]: readonly [string, number, number, number],
): Promise<void> {
  await tx.execute('insert into transfers values ($1, $2, $3, $4)', [id, source, target, amount])
  await tx.execute('update accounts set balance = balance - $1 where id = $2', [amount, source])
  await tx.execute('update accounts set balance = balance + $1 where id = $2', [amount, target])
}
