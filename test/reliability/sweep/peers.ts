import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { UsageError } from '../../../bench/support/options.js'
import { Cursor, copyFrom, copyTo } from '../../compat/companions.js'
import type { CallLog } from './call-log.js'
import { EFFECTS_TABLE, INSERT_EFFECT, type Subject, type SweepTarget } from './subject.js'

/*
 * What the program of sluice does, as far as these drivers have it, by the names of the same calls. A
 * driver that rejects with any Error is not objected to: none of them promises which.
 */

const THREE_ROWS = 'select n, n::text from generate_series(1, 3) n'
const SETTINGS = '-c client_connection_check_interval=20'

/** The drivers to compare with. @throws {UsageError} if postgres.js is not installed. */
export async function peerSubjects(): Promise<readonly Subject[]> {
  return [subject('pg', runPg), subject('postgres.js', runPostgresJs(loadPostgresJs()))]
}

function subject(name: string, run: Subject['run']): Subject {
  return {
    name,
    run,
    objectTo: (error) => (error instanceof Error ? undefined : `no Error: ${error}`),
    isSafeToRetry: () => false,
  }
}

async function runPg(target: SweepTarget, run: number, log: CallLog): Promise<boolean> {
  const { host, port, user, password, database, tls, application } = target
  const pool = new pg.Pool({
    ...{ host, port, user, password, database, max: 1, application_name: application },
    ssl: tls && { rejectUnauthorized: false },
    options: SETTINGS,
    connectionTimeoutMillis: 5_000,
  })
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', () => {})
  const borrow = async (name: string, use: (client: pg.PoolClient) => Promise<void>) => {
    let broken = false
    const client = await log.open(`${name}: acquire`, () => pool.connect())
    if (client === undefined) return
    const onError = () => {
      broken = true
    }
    client.on('error', onError)
    await use(client)
    client.off('error', onError)
    client.release(broken)
  }
  const insert = async (where: pg.Pool | pg.PoolClient, name: string) =>
    (await where.query(INSERT_EFFECT, [run, name])).rowCount

  await log.call('fetch', 0, async () => (await pool.query(THREE_ROWS)).rows)
  await log.call('fetchrow', 0, async () => (await pool.query('select $1::int as a', [7])).rows)
  await log.call('execute', 1, () => insert(pool, 'execute'))
  await log.call('execute again', 1, () => insert(pool, 'execute again'))
  await borrow('pipeline', async (client) => {
    await Promise.all(
      ['pipelined 1', 'pipelined 2'].map((name) => log.call(name, 1, () => insert(client, name))),
    )
  })
  await borrow('transaction', async (client) => {
    await log.call('transaction', 2, async () => {
      try {
        await client.query('begin')
        await insert(client, 'transaction')
        await insert(client, 'transaction')
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      }
    })
  })
  await borrow('cursor', async (client) => {
    await log.call('cursor', 0, async () => {
      const cursor = client.query(new Cursor(THREE_ROWS))
      const rows = [...(await cursor.read(2)), ...(await cursor.read(2))]
      await cursor.close()
      return rows
    })
  })
  await borrow('copyFrom', async (client) => {
    await log.call('copyFrom', 2, async () => {
      const line = `${run}\tcopyFrom\n`
      const into = client.query(copyFrom(`copy ${EFFECTS_TABLE} from stdin`))
      await pipeline(Readable.from([line, line]), into)
      return (into as { rowCount?: number }).rowCount
    })
  })
  await borrow('copyTo', async (client) => {
    await log.call('copyTo', 0, async () => {
      const chunks: Buffer[] = []
      for await (const chunk of client.query(copyTo(`copy (${THREE_ROWS}) to stdout`))) {
        chunks.push(chunk as Buffer)
      }
      return Buffer.concat(chunks).toString()
    })
  })
  await borrow('listen', async (client) => {
    await log.call('heard', 0, async () => {
      const heard: unknown[] = []
      const hear = ({ payload }: pg.Notification) => heard.push(payload)
      client.on('notification', hear)
      await client.query(`listen sweep_${run}`)
      await client.query(`notify sweep_${run}, 'a'`)
      await client.query(`unlisten *`)
      client.off('notification', hear)
      return heard
    })
  })
  const works = await log.recovers('afterwards', () => pool.query('select 1'))
  await log.call('close', 0, () => pool.end())
  return works
}

/** What is used of postgres.js. */
interface PostgresSql {
  unsafe(text: string, values?: readonly unknown[]): PostgresQuery
  begin<T>(use: (tx: PostgresSql) => Promise<T>): Promise<T>
  listen(channel: string, fn: (payload: string) => void): Promise<{ unlisten(): Promise<void> }>
  notify(channel: string, payload: string): Promise<unknown>
  end(options: { timeout: number }): Promise<void>
}

interface PostgresQuery extends Promise<readonly object[] & { readonly count: number }> {
  cursor(rows: number): AsyncIterable<readonly object[]>
  readable(): Promise<Readable>
  writable(): Promise<NodeJS.WritableStream>
  cancel(): void
}

type Postgres = (options: object) => PostgresSql

function loadPostgresJs(): Postgres {
  try {
    return createRequire(new URL('../../../bench/', import.meta.url))('postgres')
  } catch (cause) {
    throw new UsageError('postgres is not installed: run npm ci --prefix bench', { cause })
  }
}

function runPostgresJs(postgres: Postgres): Subject['run'] {
  return async ({ host, port, user, password, database, tls, application }, run, log) => {
    const sql = postgres({
      ...{
        host,
        port,
        database,
        username: user,
        password,
        max: 1,
        connect_timeout: 5,
        backoff: 0.001,
      },
      ssl: tls && { rejectUnauthorized: false },
      connection: { application_name: application, client_connection_check_interval: 20 },
      onnotice: () => {},
    })
    const insert = async (where: PostgresSql, name: string) =>
      (await where.unsafe(INSERT_EFFECT, [run, name])).count

    await log.call('fetch', 0, async () => [...(await sql.unsafe(THREE_ROWS, []))])
    await log.call('fetchrow', 0, async () => [...(await sql.unsafe('select $1::int as a', [7]))])
    await log.call('execute', 1, () => insert(sql, 'execute'))
    await log.call('execute again', 1, () => insert(sql, 'execute again'))
    await Promise.all(
      ['pipelined 1', 'pipelined 2'].map((name) => log.call(name, 1, () => insert(sql, name))),
    )
    await log.call('transaction', 2, () =>
      sql.begin(async (tx) => {
        await insert(tx, 'transaction')
        await insert(tx, 'transaction')
      }),
    )
    await log.call('cursor', 0, async () => {
      const rows: object[] = []
      for await (const some of sql.unsafe(THREE_ROWS).cursor(2)) rows.push(...some)
      return rows
    })
    await log.call('copyFrom', 2, async () => {
      const line = `${run}\tcopyFrom\n`
      const into = await sql.unsafe(`copy ${EFFECTS_TABLE} from stdin`).writable()
      await pipeline(Readable.from([line, line]), into)
    })
    await log.call('copyTo', 0, async () => {
      const chunks: Buffer[] = []
      for await (const chunk of await sql.unsafe(`copy (${THREE_ROWS}) to stdout`).readable()) {
        chunks.push(chunk as Buffer)
      }
      return Buffer.concat(chunks).toString()
    })
    await log.call('heard', 0, async () => {
      const heard: string[] = []
      const listening = await sql.listen(`sweep_${run}`, (payload) => heard.push(payload))
      await sql.notify(`sweep_${run}`, 'a')
      // It comes over a connection of its own.
      for (let i = 0; heard.length === 0 && i < 500; i++) await sleep(2)
      await listening.unlisten()
      return heard
    })
    await log.call('cancelled', 0, async () => {
      // As with sluice: where the cancelling gets lost the query is over by itself.
      const sleeping = sql.unsafe('select pg_sleep(2)')
      setTimeout(() => sleeping.cancel(), 15)
      return sleeping.then(
        () => '57014',
        ({ code }: { code?: string }) => {
          if (code === '57014') return code
          throw new Error(code)
        },
      )
    })
    const works = await log.recovers('afterwards', () => sql.unsafe('select 1'))
    await log.call('close', 0, () => sql.end({ timeout: 2 }).then(() => true))
    return works
  }
}
