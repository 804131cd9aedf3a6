import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe } from 'vitest'
import type { PgModule } from './modules.js'
import { outcome, plain } from './outcome.js'
import { compareScenarios, told, withClient } from './scenarios.js'
import { TunnelStream } from './streams.js'

type Client = InstanceType<PgModule['Client']>

describe('the option stream', () => {
  const withTunnel = (dsn: string, options: object = {}): never =>
    ({ connectionString: dsn, stream: () => new TunnelStream(), ...options }) as never

  compareScenarios({
    'takes a function, which is told of the connection': async (pg, dsn) => {
      const told: unknown[] = []
      const stream = ({
        stream: _,
        statementCacheSize: __,
        ...config
      }: Record<string, unknown>) => {
        told.push(plain(config))
        return new TunnelStream()
      }
      const client = new pg.Client(withTunnel(dsn, { stream, keepAlive: true }))
      await client.connect()
      const { rows } = await client.query('select $1::text as a', ['through a tunnel'])
      await client.end()
      return [told, rows]
    },
    'takes a stream': async (pg, dsn) => {
      const client = new pg.Client(withTunnel(dsn, { stream: new TunnelStream() }))
      await client.connect()
      const { rows } = await client.query('select $1::text as a', ['through a tunnel'])
      await client.end()
      return rows
    },
    'may send what it was given later': async (pg, dsn) => {
      const client = new pg.Client(withTunnel(dsn, { pipeline: true }))
      await client.connect()
      const queries: Promise<{ rows: unknown[] }>[] = []
      for (let n = 0; n < 20; n++) {
        queries.push(client.query('select $1::text as a', [`number ${n}`]))
        await turn()
      }
      const results = await Promise.all(queries)
      await client.end()
      return results.map(({ rows }) => rows)
    },
  })
})

/** Notes how a socket is set up. */
class NotingSocket extends Socket {
  readonly notes: unknown[] = []

  override setNoDelay(...settings: [boolean?]): this {
    this.notes.push(['no delay', ...settings])
    return super.setNoDelay(...settings)
  }

  override setKeepAlive(...settings: [boolean?, number?]): this {
    this.notes.push(['keep alive', ...settings])
    return super.setKeepAlive(...settings)
  }
}

describe('keepAlive', () => {
  const notes = (options: object) => async (pg: PgModule, dsn: string) => {
    const stream = new NotingSocket()
    const client = new pg.Client({ connectionString: dsn, stream, ...options } as never)
    await client.connect()
    await client.end()
    return stream.notes
  }

  compareScenarios({
    'is set': notes({ keepAlive: true }),
    'is set with a delay': notes({ keepAlive: true, keepAliveInitialDelayMillis: 5_000 }),
    'is not set': notes({ keepAlive: false, keepAliveInitialDelayMillis: 5_000 }),
  })
})

describe('timeouts of the server', () => {
  compareScenarios({
    'idle_in_transaction_session_timeout ends the connection': withClient(
      async (client) => {
        const error = told(client as never, 'error')
        const ended = told(client as never, 'end')
        await client.query('begin')
        const [reason] = await error
        await ended
        return [plain(reason), await outcome(client.query('select 1'))]
      },
      { idle_in_transaction_session_timeout: 30 },
    ),
    'lock_timeout fails a query': async (pg, dsn) => {
      const [holder, waiter] = [{}, { lock_timeout: 30 }].map(
        (options) => new pg.Client({ connectionString: dsn, ...options }),
      ) as [Client, Client]
      await Promise.all([holder.connect(), waiter.connect()])
      await holder.query('select pg_advisory_lock(8190)')
      const failure = await outcome(waiter.query('select pg_advisory_lock(8190)'))
      const status = waiter.getTransactionStatus()
      await Promise.all([holder.end(), waiter.end()])
      return [failure, status]
    },
    'statement_timeout in the connection string fails a query': async (pg, dsn) => {
      const url = new URL(dsn)
      url.searchParams.set('statement_timeout', '30')
      const client = new pg.Client(url.href)
      await client.connect()
      const failure = await outcome(client.query('select pg_sleep(30)'))
      await client.end()
      return failure
    },
    'query_timeout of a query beats that of the client, unless it is 0': withClient(
      async (client) => [
        await outcome(client.query({ text: 'select 1 as a', query_timeout: 60_000 } as never)),
        await outcome(client.query({ text: 'select pg_sleep(0.2)', query_timeout: 0 } as never)),
      ],
      { query_timeout: 100 },
    ),
  })
})

describe('options of a query', () => {
  const text = 'select n, n::text as n, null as x from generate_series(1, 2) as n'
  const types = { getTypeParser: (oid: number, format: string) => () => `${oid} in ${format}` }
  const all: Readonly<Record<string, object>> = {
    none: {},
    queryMode: { queryMode: 'extended' },
    rowMode: { rowMode: 'array' },
    types: { types },
    name: { name: 'named' },
    'rowMode and types': { rowMode: 'array', types },
    'queryMode, rowMode and types': { queryMode: 'extended', rowMode: 'array', types },
    'rows and rowMode': { rows: 1, rowMode: 'array' },
    'a portal': { portal: 'gate', queryMode: 'extended' },
    'an unknown rowMode': { rowMode: 'objects' },
  }

  compareScenarios(
    Object.fromEntries(
      Object.entries(all).map(([name, options]) => [
        name,
        withClient(async (client) => {
          const { rows, fields } = (await client.query({ text, ...options })) as unknown as {
            rows: unknown
            fields: unknown
          }
          return [rows, fields, (await client.query(text)).rows]
        }),
      ]),
    ),
  )
})

describe('connection', () => {
  compareScenarios({
    'may be one that is made before': async (pg, dsn) => {
      const { Connection } = pg as unknown as { Connection: new (config: object) => object }
      const connection = new Connection({ ssl: false })
      const client = new pg.Client({ connectionString: dsn, connection } as never)
      await client.connect()
      const { rows } = await client.query('select $1::int as a', [1])
      await client.end()
      return [(client.connection as unknown) === connection, rows]
    },
  })
})
