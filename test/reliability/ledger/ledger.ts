import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, createPool } from '../../../src/index.js'
import { startPostgres } from '../../../src/testing/index.js'
import { FaultProxy } from '../../support/fault-proxy.js'
import { Chance } from '../../unit/pool/chance.js'
import { FaultInjector } from '../fault-injector.js'
import type { ClientMessage, ClientTask } from './client.js'
import { ACCOUNTS, LEDGER_SCHEMA, OPENING_BALANCE, runTeller, type TellerEvents } from './teller.js'

export interface LedgerOptions {
  /** For how long faults strike, in ms. */
  readonly durationMs: number
  readonly seed: number
  /** Tellers in this process. */
  readonly tellers: number
  /** Processes of tellers that are killed and started again. */
  readonly clients: number
  /** Between two faults, on average, in ms. */
  readonly pauseMs: number
}

/** What a ledger came to. */
export interface LedgerResult {
  readonly acknowledged: number
  /** Acknowledged commits that are there. */
  readonly found: number
  readonly doubts: number
  /** Commits in doubt that had taken place. */
  readonly resolved: number
  readonly failures: number
  readonly defects: readonly string[]
  readonly sum: number
  /** Accounts whose balance is not what their transfers make of it. */
  readonly wrongAccounts: number
  readonly faults: number
  /** The same by name. */
  readonly faultSummary: string
  readonly clientsKilled: number
}

/** What all balances are together. */
export const EXPECTED_SUM: number = ACCOUNTS * OPENING_BALANCE

class Book implements TellerEvents {
  readonly acknowledged = new Set<string>()
  readonly defects: string[] = []
  doubts = 0
  resolved = 0
  failures = 0

  onCommitted(id: string): void {
    if (this.acknowledged.has(id)) this.defects.push(`${id} was acknowledged twice`)
    this.acknowledged.add(id)
  }

  onDoubt(): void {
    this.doubts += 1
  }

  onResolved(): void {
    this.resolved += 1
  }

  onFailure(): void {
    this.failures += 1
  }

  onDefect(what: string): void {
    this.defects.push(what)
  }
}

/**
 * Tellers make transfers while the server is killed, sessions are terminated, connections are cut, and
 * processes of tellers are killed; then the books are looked at.
 */
export async function runLedger(options: LedgerOptions): Promise<LedgerResult> {
  const { durationMs, seed, tellers, clients, pauseMs } = options
  await using server = await startPostgres({
    // The sessions of killed clients shall not hold their locks for long.
    settings: { client_connection_check_interval: 100, max_connections: 60 },
  })
  {
    await using admin = await connect(server.adminDsn)
    await admin.execute(LEDGER_SCHEMA)
  }
  await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port })
  const dsn = new URL(server.adminDsn)
  dsn.host = `127.0.0.1:${proxy.port}`
  dsn.searchParams.set('sslmode', 'disable')

  const book = new Book()
  const struck = AbortSignal.timeout(durationMs)
  const done = new AbortController()
  const chance = new Chance(seed)
  const faults = new FaultInjector(server, proxy, chance)
  const killer = new ClientKiller({ dsn: dsn.href, seed, tellers: 3 }, clients, book)
  await using pool = await createPool(dsn.href, { minSize: 2, maxSize: tellers })
  const working = Array.from({ length: tellers }, (_, i) =>
    runTeller(`here.${i}`, pool, new Chance(seed + i), book, done.signal),
  )
  await Promise.all([
    faults.strikeUntil(struck, pauseMs),
    killer.runUntil(struck, new Chance(seed + 1), 2 * pauseMs),
  ])
  done.abort()
  await Promise.all(working)
  await killer.end()
  const balance = await audit(server.adminDsn, [...book.acknowledged])
  const { acknowledged, defects, doubts, resolved, failures } = book
  return {
    ...{ acknowledged: acknowledged.size, defects, doubts, resolved, failures, ...balance },
    ...{ faults: faults.events.length, faultSummary: faults.summary() },
    clientsKilled: killer.killed,
  }
}

/** Keeps processes of tellers, and kills them. */
class ClientKiller {
  killed = 0
  readonly #task: Omit<ClientTask, 'name'>
  readonly #book: Book
  readonly #clients: ChildProcess[] = []
  #started = 0

  constructor(task: Omit<ClientTask, 'name'>, count: number, book: Book) {
    this.#task = task
    this.#book = book
    for (let i = 0; i < count; i++) this.#clients.push(this.#start())
  }

  async runUntil(signal: AbortSignal, chance: Chance, pauseMs: number): Promise<void> {
    while (!signal.aborted && this.#clients.length > 0) {
      const pause = pauseMs / 2 + chance.integer(pauseMs)
      await sleep(pause, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      await this.#kill(this.#clients.shift())
      this.#clients.push(this.#start())
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.map((client) => this.#kill(client)))
  }

  async #kill(client: ChildProcess | undefined): Promise<void> {
    if (client === undefined || client.exitCode !== null) return
    const gone = once(client, 'exit')
    client.kill('SIGKILL')
    await gone
    this.killed += 1
  }

  #start(): ChildProcess {
    const client = fork(new URL('./client.ts', import.meta.url), {
      execArgv: ['--import', 'tsx'],
    })
    this.#started += 1
    client.on('message', ([event, argument = '']: ClientMessage) =>
      this.#book[event as keyof TellerEvents](argument),
    )
    const { seed } = this.#task
    client.send({ ...this.#task, name: `client${this.#started}`, seed: seed + this.#started * 100 })
    return client
  }
}

/** Looks at what is in the database. */
async function audit(
  dsn: string,
  acknowledged: readonly string[],
): Promise<Pick<LedgerResult, 'found' | 'sum' | 'wrongAccounts'>> {
  await using conn = await connect(dsn)
  // Whoever was killed may still have a transaction open.
  await conn.execute(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()`)
  const found = await conn.fetchval<number>(
    'select count(*)::int from transfers where id = any ($1)',
    [acknowledged],
  )
  const sum = await conn.fetchval<number>('select sum(balance)::int from accounts')
  const wrongAccounts = await conn.fetchval<number>(
    `select count(*)::int from accounts a where balance <> $1
      - (select coalesce(sum(amount), 0) from transfers where source = a.id)
      + (select coalesce(sum(amount), 0) from transfers where target = a.id)`,
    [OPENING_BALANCE],
  )
  return { found: found ?? -1, sum: sum ?? -1, wrongAccounts: wrongAccounts ?? -1 }
}

/** Whether all is as it must be. */
export function isSound(result: LedgerResult): boolean {
  const { acknowledged, found, defects, sum, wrongAccounts } = result
  return (
    acknowledged > 0 &&
    found === acknowledged &&
    defects.length === 0 &&
    sum === EXPECTED_SUM &&
    wrongAccounts === 0
  )
}
