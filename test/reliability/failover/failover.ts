import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect, createPool, type Pool, SluiceError } from '../../../src/index.js'
import { startCluster, type TestCluster } from '../../../src/testing/index.js'
import { describe } from '../sweep/watch.js'

export interface FailoverOptions {
  readonly writers: number
  readonly readers: number
  /** For how long the load runs before the primary is killed, and behind the first write after it, in ms. */
  readonly loadMs: number
  /** Between the end of the primary and the promotion, in ms: what a watchdog needs. */
  readonly detectionMs: number
}

/** What callers noticed of a failover. */
export interface FailoverResult {
  /** Writes that were acknowledged, and how many of these the new primary has. */
  readonly acknowledged: number
  readonly found: number
  /** Writes that the new primary has more than once. */
  readonly doubled: number
  /** Attempts to write that failed, and how many of them said to be safe to retry. */
  readonly failedWrites: number
  readonly safeToRetry: number
  /** Those that did not and were there all the same, or had been lost. */
  readonly doubtfulThere: number
  readonly doubtfulLost: number
  /** From the order to promote the standby to the first write that was acknowledged, in ms. */
  readonly writesResumedMs: number
  /** From the kill to the same. */
  readonly outageMs: number
  readonly reads: number
  readonly failedReads: number
  /** The longest time without a read that succeeded, in ms. */
  readonly longestReadGapMs: number
  readonly defects: readonly string[]
}

const REST_MS = 10
const WRITE = 'insert into writes values ($1)'

/**
 * Kills the primary under load and promotes its standby. Writers repeat what failed: at once where it is safe, else
 * where the new primary has not got it. Nothing of the table would keep them from writing twice.
 */
export async function runFailover(options: FailoverOptions): Promise<FailoverResult> {
  await using cluster = await startCluster()
  const [standby] = cluster.standbys
  if (standby === undefined) throw new Error('a cluster without a standby')
  await prepare(cluster)
  await using pool = await createPool(cluster.dsn(), {
    minSize: 2,
    maxSize: 10,
    targetSessionAttrs: 'primary',
    hostRecheck: 250,
    acquireTimeout: 60_000,
  })
  const load = new Load(pool)
  const working = load.start(options)
  await sleep(options.loadMs)
  await cluster.primary.kill('SIGKILL')
  const killedMs = performance.now()
  await sleep(options.detectionMs)
  const promotedMs = performance.now()
  load.watchWritesFrom(promotedMs)
  await cluster.promote(standby)
  const resumedMs = await load.resumed
  await sleep(options.loadMs)
  load.stop()
  await working
  await using conn = await connect(standby.dsn())
  return {
    ...load.result(),
    ...(await audit(conn, [...load.acknowledged])),
    writesResumedMs: resumedMs - promotedMs,
    outageMs: resumedMs - killedMs,
  }
}

/** A commit is acknowledged when the standby has it: else a failover loses some, whatever the driver does. */
async function prepare(cluster: TestCluster): Promise<void> {
  await using admin = await connect(cluster.primary.adminDsn)
  await using app = await connect(cluster.primary.dsn())
  await app.execute('create table writes (id text)')
  await admin.execute("alter system set synchronous_standby_names = '*'")
  await admin.execute('select pg_reload_conf()')
  while (
    !(await admin.fetchval("select true from pg_stat_replication where sync_state = 'sync'"))
  ) {
    await sleep(20)
  }
}

class Load {
  readonly acknowledged = new Set<string>()
  readonly resumed: Promise<number>
  readonly #pool: Pool
  readonly #defects: string[] = []
  readonly #counts = {
    ...{ failedWrites: 0, safeToRetry: 0, doubtfulThere: 0, doubtfulLost: 0 },
    ...{ reads: 0, failedReads: 0 },
  }
  #resume: (atMs: number) => void = () => {}
  #watchFromMs = Number.POSITIVE_INFINITY
  #lastReadMs = performance.now()
  #longestReadGapMs = 0
  #isOver = false

  constructor(pool: Pool) {
    this.#pool = pool
    this.resumed = new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  async start({ writers, readers }: FailoverOptions): Promise<void> {
    await Promise.all([
      ...Array.from({ length: writers }, (_, i) => this.#writer(i)),
      ...Array.from({ length: readers }, () => this.#reader()),
    ])
  }

  /** Takes the first write that begins from then on for the resumption. */
  watchWritesFrom(atMs: number): void {
    this.#watchFromMs = atMs
  }

  stop(): void {
    this.#isOver = true
  }

  result() {
    const longestReadGapMs = this.#longestReadGapMs
    return { ...this.#counts, longestReadGapMs, defects: this.#defects }
  }

  async #writer(number: number): Promise<void> {
    for (let n = 1; !this.#isOver; n++) {
      const id = `${number}-${n}`
      await this.#write(id)
      this.acknowledged.add(id)
      if (performance.now() > this.#watchFromMs) this.#resume(performance.now())
      await sleep(REST_MS)
    }
  }

  /** Writes until it is sure to be written. */
  async #write(id: string): Promise<void> {
    for (;;) {
      try {
        await this.#pool.execute(WRITE, [id])
        return
      } catch (error) {
        this.#counts.failedWrites += 1
        if (!(error instanceof SluiceError)) this.#defects.push(describe(error))
        if (error instanceof SluiceError && error.safeToRetry) this.#counts.safeToRetry += 1
        else if (await this.#isThere(id)) return
        await sleep(REST_MS)
      }
    }
  }

  /** Asks the new primary: the former one is gone, and with it whatever was under way there. */
  async #isThere(id: string): Promise<boolean> {
    for (;;) {
      try {
        const isThere = await this.#pool.use(
          (conn) =>
            conn.fetchval<boolean>('select exists (select from writes where id = $1)', [id]),
          { target: 'primary' },
        )
        this.#counts[isThere ? 'doubtfulThere' : 'doubtfulLost'] += 1
        return isThere === true
      } catch {
        await sleep(REST_MS)
      }
    }
  }

  async #reader(): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#pool.use((conn) => conn.fetchval('select count(*) from writes'), {
          target: 'prefer-standby',
        })
        this.#counts.reads += 1
        const nowMs = performance.now()
        this.#longestReadGapMs = Math.max(this.#longestReadGapMs, nowMs - this.#lastReadMs)
        this.#lastReadMs = nowMs
      } catch (error) {
        this.#counts.failedReads += 1
        if (!(error instanceof SluiceError)) this.#defects.push(describe(error))
      }
      await sleep(REST_MS)
    }
  }
}

async function audit(
  conn: Connection,
  acknowledged: readonly string[],
): Promise<Pick<FailoverResult, 'acknowledged' | 'found' | 'doubled'>> {
  const found = await conn.fetchval<number>(
    'select count(distinct id)::int from writes where id = any ($1)',
    [acknowledged],
  )
  const doubled = await conn.fetchval<number>(
    'select count(*)::int from (select id from writes group by id having count(*) > 1) twice',
  )
  return { acknowledged: acknowledged.length, found: found ?? -1, doubled: doubled ?? -1 }
}

/** Whether all is as it must be. */
export function isSound({ acknowledged, found, doubled, defects }: FailoverResult): boolean {
  return acknowledged > 0 && found === acknowledged && doubled === 0 && defects.length === 0
}
