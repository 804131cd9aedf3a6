import { getEventListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConnectionError,
  ConnectionException,
  createLargeObject,
  createPool,
  InvalidAuthorizationSpecification,
  openLargeObject,
  type Pool,
  type PoolConnection,
  QueryTimeoutError,
  SluiceError,
  unlinkLargeObject,
} from '../../../src/index.js'
import type { CallLog } from './call-log.js'
import { EFFECTS_TABLE, INSERT_EFFECT, type Subject, type SweepTarget } from './subject.js'

/** The program of sluice: each feature once, on a pool of one connection. */
export const sluice: Subject = {
  name: 'sluice',
  run: async (target, run, log) => new Program(target, run, log).run(),
  objectTo(error) {
    if (error instanceof ConnectionError || error instanceof QueryTimeoutError) return undefined
    // What a server says to a client that has said goodbye: in the middle of a COPY, and of SCRAM.
    if (error instanceof ConnectionException) return undefined
    if (error instanceof InvalidAuthorizationSpecification) return undefined
    return error instanceof SluiceError ? `${error.name} ${error.code}` : `no SluiceError: ${error}`
  },
  isSafeToRetry: (error) => error instanceof SluiceError && error.safeToRetry,
}

const asArrays = { rowMode: 'array' } as const
const THREE_ROWS = 'select n, n::text from generate_series(1, 3) n'
const SLEEP = 'select pg_sleep(60)'

class Program {
  readonly #target: SweepTarget
  readonly #run: number
  readonly #log: CallLog
  /** One for the whole life, as an application has: nobody may leave a listener on it. */
  readonly #abort = new AbortController()

  constructor(target: SweepTarget, run: number, log: CallLog) {
    this.#target = target
    this.#run = run
    this.#log = log
  }

  async run(): Promise<boolean> {
    const log = this.#log
    const pool =
      (await log.open('connect', () => this.#open())) ??
      (await log.open('connect again', () => this.#open()))
    if (pool === undefined) return false
    await this.#queries(pool)
    await this.#onOneConnection(pool)
    await this.#transactions(pool)
    await this.#copies(pool)
    await this.#notifications(pool)
    await this.#cancels(pool)
    const works = await log.recovers('afterwards', () => pool.fetchval('select 1'))
    await log.call('close', 0, () => pool.close({ timeout: 2_000 }))
    pool.terminate()
    const { signal } = this.#abort
    await log.call('listeners left', 0, async () => getEventListeners(signal, 'abort').length)
    return works
  }

  #open(): Promise<Pool> {
    const { host, port, user, password, database, tls, application, patienceMs } = this.#target
    return createPool({
      ...{ host, port, user, password, database },
      ssl: tls ? 'require' : 'disable',
      applicationName: application,
      ...(patienceMs !== undefined && {
        queryTimeout: patienceMs,
        connectTimeout: patienceMs,
        validationTimeout: patienceMs,
      }),
      minSize: 1,
      maxSize: 1,
      retryBackoff: { min: 1, max: 10 },
      // A session whose client is gone ends at once, so that what it did is final.
      settings: { client_connection_check_interval: 20 },
    })
  }

  async #queries(pool: Pool): Promise<void> {
    const log = this.#log
    const { signal } = this.#abort
    await log.call('fetch', 0, () => pool.fetch(THREE_ROWS, [], { signal }))
    await log.call('fetchrow', 0, () => pool.fetchrow('select $1::int as a', [7]))
    await log.call('fetchcol', 0, () => pool.fetchcol('select generate_series(1, 3)'))
    await log.call('own types', 0, () => pool.fetchval(`select row('happy', $1)::sweep_pair`, [7]))
    await log.call('refused', 0, () => refusal(pool.fetchval('select 1 / $1::int', [0]), '22012'))
    for (const name of ['execute', 'execute again']) {
      await log.call(name, 1, () => this.#insert(pool, name))
    }
    await log.call('script', 2, async () => {
      const insert = `insert into ${EFFECTS_TABLE} values (${this.#run}, 'script')`
      return (await pool.execute(`${insert}; ${insert}`)).tag
    })
    await log.call('batch', 2, async () => {
      const insert = [INSERT_EFFECT, [this.#run, 'batch']] as const
      return (await pool.batch([insert, THREE_ROWS, insert])).map(({ rowCount }) => rowCount)
    })
    await log.call('executemany', 3, async () => {
      const result = await pool.executemany(INSERT_EFFECT, this.#rows('executemany'))
      return result.rowCount
    })
    await log.call('insertMany', 3, async () => {
      const rows = this.#rows('insertMany')
      return (await pool.insertMany(EFFECTS_TABLE, rows, { returning: ['call'] })).rows
    })
    await log.call('stream', 0, () => collect(pool.stream(THREE_ROWS, [], asArrays)))
  }

  async #onOneConnection(pool: Pool): Promise<void> {
    const log = this.#log
    await this.#borrow(pool, 'pipeline', async (conn) => {
      await Promise.all([
        ...['pipelined 1', 'pipelined 2'].map((name) =>
          log.call(name, 1, () => this.#insert(conn, name)),
        ),
        log.call('pipelined 3', 0, () => conn.fetch(THREE_ROWS)),
      ])
    })
    await this.#borrow(pool, 'prepare', async (conn) => {
      const statement = await log.open('prepared', () => conn.prepare('select $1::int + 1'))
      if (statement === undefined) return
      await log.call('fetch of it', 0, () => statement.fetchval([1]))
      await log.call('close of it', 0, () => statement.close())
    })
    await this.#borrow(pool, 'session', async (conn) => {
      await log.call('set', 0, async () => (await conn.execute("set work_mem = '5MB'")).tag)
    })
    await log.call('session is as it was', 0, () => pool.fetchval('show work_mem'))
  }

  async #transactions(pool: Pool): Promise<void> {
    const log = this.#log
    await log.call('transaction', 2, () =>
      pool.transaction(async (tx) => {
        await this.#insert(tx, 'transaction')
        await tx.transaction((inner) => this.#insert(inner, 'transaction'))
      }),
    )
    await this.#borrow(pool, 'begin', async (conn) => {
      await log.call('begun', 1, async () => {
        await using tx = await conn.begin({ isolation: 'serializable' })
        await this.#insert(tx, 'begun')
        await tx.commit()
      })
    })
    await log.call('rolled back', 0, () =>
      pool
        .transaction(async (tx) => {
          await this.#insert(tx, 'rolled back')
          throw new RangeError('changed my mind')
        })
        .catch((error: unknown) => {
          if (error instanceof RangeError) return error.message
          throw error
        }),
    )
    await log.call('cursor', 0, () => collect(pool.cursor(THREE_ROWS, [], { prefetch: 1 })))
    await log.call('large object', 0, () =>
      pool.transaction(async (tx) => {
        const oid = await createLargeObject(tx)
        const object = await openLargeObject(tx, oid, 'read-write')
        await object.write(Buffer.from('abc'))
        await object.seek(1)
        const read = (await object.read(10)).toString()
        await object.close()
        await unlinkLargeObject(tx, oid)
        return read
      }),
    )
  }

  async #copies(pool: Pool): Promise<void> {
    const log = this.#log
    const line = `${this.#run}\tcopyFrom\n`
    await log.call('copyFrom', 2, async () => {
      return (await pool.copyFrom(EFFECTS_TABLE, [line, line])).rowCount
    })
    await log.call('copyRecordsTo', 3, async () => {
      return (await pool.copyRecordsTo(EFFECTS_TABLE, this.#rows('copyRecordsTo'))).rowCount
    })
    await log.call('copyTo', 0, async () =>
      Buffer.concat(await collect(pool.copyTo({ query: THREE_ROWS }))).toString(),
    )
    await log.call('copyRecordsFrom', 0, () => collect(pool.copyRecordsFrom(THREE_ROWS, asArrays)))
  }

  async #notifications(pool: Pool): Promise<void> {
    const log = this.#log
    const channel = `sweep ${this.#run}`
    await this.#borrow(pool, 'listen', async (conn) => {
      await log.call('heard', 0, async () => {
        const heard: string[] = []
        await using _ = await conn.listen(channel, ({ payload }) => heard.push(payload))
        await conn.notify(channel, 'a')
        // Listeners run behind the message.
        await new Promise(setImmediate)
        return heard
      })
    })
    const events = pool.listen(channel)
    const isListening = await log.call('listening', 0, () => events.listening.then(() => true))
    const isSent = await log.call('notify', 0, () => pool.notify(channel, 'b').then(() => true))
    if (isListening && isSent) {
      // A listener that was cut off meanwhile is told of a gap, which serves as well.
      await log.call('told', 0, async () => {
        const { value } = await events.next()
        return value === undefined ? 'the end' : 'something'
      })
    }
    await log.call('listens no more', 0, () => events.return().then(() => true))
  }

  async #cancels(pool: Pool): Promise<void> {
    const log = this.#log
    await log.call('timeout', 0, () =>
      refusal(pool.execute(SLEEP, [], { timeout: 15 }), 'ERR_SLUICE_QUERY_TIMEOUT'),
    )
    await log.call('aborted', 0, async () => {
      const controller = new AbortController()
      const aborted = pool.execute(SLEEP, [], { signal: controller.signal })
      setTimeout(() => controller.abort(new RangeError('aborted')), 15)
      return aborted.catch((error: unknown) => {
        if (error instanceof RangeError) return error.message
        throw error
      })
    })
    await this.#borrow(pool, 'cancel', async (conn) => {
      await log.call('cancelled', 0, async () => {
        // A CancelRequest that got lost looks like one that was heard: the query is then over by itself.
        const over = conn.execute('select pg_sleep(2)').then(
          () => '57014',
          (error: unknown) => refusal(Promise.reject(error), '57014'),
        )
        over.catch(() => {})
        await sleep(15)
        await conn.cancel().catch(() => {})
        return over
      })
    })
  }

  async #borrow(
    pool: Pool,
    name: string,
    use: (conn: PoolConnection) => Promise<void>,
  ): Promise<void> {
    const conn = await this.#log.open(`${name}: acquire`, () => pool.acquire())
    if (conn === undefined) return
    await use(conn)
    conn.release()
  }

  async #insert(where: Pick<Pool, 'execute'>, name: string): Promise<number | null> {
    return (await where.execute(INSERT_EFFECT, [this.#run, name])).rowCount
  }

  #rows(name: string): (readonly [number, string])[] {
    return Array.from({ length: 3 }, () => [this.#run, name] as const)
  }
}

/** What a call gives that must be refused with that code: the code. */
async function refusal(call: Promise<unknown>, code: string): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof SluiceError && error.code === code) return code
    throw error
  }
  throw new RangeError(`nobody refused with ${code}`)
}

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}
