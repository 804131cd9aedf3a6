import { once } from 'node:events'
import { createServer, Socket } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { ScramKeyCache } from '../../src/auth/scram-keys.js'
import { Client, defaults, Pool, type PoolClient } from '../../src/pg/index.js'
import { testServer } from '../support/server.js'
import { outcome } from './outcome.js'
import { told } from './scenarios.js'

/** Bugs of pg that are not here: each is left out of the comparison and named for what pg does. */

const dsnOf = async (): Promise<string> => (await testServer()).dsn({ sslmode: 'disable' })

type Rows = { rows: Record<string, unknown>[] }

async function withClient<T>(use: (client: Client) => T, config: object = {}): Promise<Awaited<T>> {
  const client = new Client({ connectionString: await dsnOf(), ...config })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function withPool<T>(use: (pool: Pool) => T, config: object = {}): Promise<Awaited<T>> {
  const pool = new Pool({ connectionString: await dsnOf(), ...config })
  try {
    return await use(pool)
  } finally {
    if (!pool.ending) await pool.end()
  }
}

const rowsOf = async (result: unknown): Promise<unknown> => ((await result) as Rows).rows
const pidOf = async (client: Client): Promise<unknown> => {
  const [row] = (await rowsOf(client.query('select pg_backend_pid() as pid'))) as { pid: number }[]
  return row?.pid
}

describe('values', () => {
  test('binary: true does not corrupt bytes from 0x80 on', () =>
    withClient(
      async (client) => {
        const query =
          "select 128::int4 as a, -1::int4 as b, array[-1, 200] as c, '\\x80ff'::bytea as d"
        expect(await rowsOf(client.query(query))).toEqual([
          { a: 128, b: -1, c: [-1, 200], d: Buffer.from([0x80, 0xff]) },
        ])
      },
      { binary: true },
    ))

  test('a DateStyle other than ISO does not make timestamps null', () =>
    withClient(async (client) => {
      await client.query("set datestyle to 'German'")
      expect(await rowsOf(client.query("select '2020-01-02 03:04:05'::timestamp as a"))).toEqual([
        { a: '02.01.2020 03:04:05' },
      ])
    }))

  test('an IntervalStyle other than postgres does not make intervals empty', () =>
    withClient(async (client) => {
      await client.query('set intervalstyle to iso_8601')
      expect(await rowsOf(client.query("select '1 day'::interval as a"))).toEqual([{ a: 'P1D' }])
    }))
})

describe('queries', () => {
  test('rowCount counts all pages of the option rows', () =>
    withClient(async (client) => {
      const result = await client.query({ text: 'select generate_series(1, 7)', rows: 3 })
      expect(result).toMatchObject({ rowCount: 7, rows: { length: 7 } })
    }))

  test('an error with the option rows does not block the client', () =>
    withClient(async (client) => {
      const failing = 'select 1 / (4 - n) from generate_series(1, 7) as n'
      expect(await outcome(client.query({ text: 'select 1/0', rows: 2 }))).toHaveProperty(
        'rejected',
      )
      expect(await outcome(client.query({ text: failing, rows: 2 }))).toHaveProperty('rejected')
      expect(await rowsOf(client.query('select 1 as alive'))).toEqual([{ alive: 1 }])
    }))

  test('OIDs in `types` are types of the parameters, and rows are read all the same', () =>
    withClient(async (client) => {
      const query = { text: 'select $1 as a', types: [23] as never, values: ['5'] }
      expect(await rowsOf(client.query(query))).toEqual([{ a: 5 }])
    }))

  test.each(['discard all', 'deallocate all', 'deallocate one'])(
    'a named statement does not fail for ever after %s',
    (forget) =>
      withClient(async (client) => {
        const query = { name: 'one', text: 'select $1::int as a', values: [1] }
        await client.query(query)
        await client.query(forget)
        expect(await rowsOf(client.query(query))).toEqual([{ a: 1 }])
        expect(await rowsOf(client.query(query))).toEqual([{ a: 1 }])
      }),
  )

  test('a named statement with the option rows does not fail for ever', () =>
    withClient(async (client) => {
      const query = { name: 'one', text: 'select generate_series(1, 3) as a', rows: 2 }
      await client.query(query)
      await client.query('discard all')
      expect(await rowsOf(client.query(query))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
      expect(await rowsOf(client.query(query))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
    }))

  test('a named statement does not fail for ever after DDL', () =>
    withClient(async (client) => {
      await client.query('create temp table changing (a int); insert into changing values (1)')
      const query = { name: 'all', text: 'select * from changing' }
      await client.query(query)
      await client.query('alter table changing add column b int default 2')
      expect(await rowsOf(client.query(query))).toEqual([{ a: 1, b: 2 }])
    }))

  test('in a transaction a named statement that is gone fails once, and is parsed after it', () =>
    withClient(async (client) => {
      const query = { name: 'one', text: 'select 1 as a' }
      await client.query(query)
      await client.query('begin')
      await client.query('deallocate all')
      await expect(client.query(query)).rejects.toMatchObject({ code: '26000' })
      await client.query('rollback')
      expect(await rowsOf(client.query(query))).toEqual([{ a: 1 }])
    }))

  test('query_timeout does not leave the query running', () =>
    withClient(async (client) => {
      const slow = { text: 'select pg_sleep(60)', query_timeout: 30 }
      await expect(client.query(slow)).rejects.toThrow('Query read timeout')
      expect(await rowsOf(client.query('select 1 as alive'))).toEqual([{ alive: 1 }])
    }))

  test('a signal cancels a query that runs, and the client goes on', () =>
    withClient(async (client) => {
      const controller = new AbortController()
      const query = client.query({ text: 'select pg_sleep(60)', signal: controller.signal })
      setTimeout(() => controller.abort(new RangeError('enough')), 30)
      await expect(query).rejects.toThrow('enough')
      expect(await rowsOf(client.query('select 1 as alive'))).toEqual([{ alive: 1 }])
    }))

  test('a signal takes out a query that waits, and one that was aborted before', () =>
    withClient(async (client) => {
      const controller = new AbortController()
      const running = client.query('select pg_sleep(0.1)')
      const waiting = client.query({ text: 'select 1', signal: controller.signal })
      controller.abort(new RangeError('enough'))
      await expect(waiting).rejects.toThrow('enough')
      await running
      const late = client.query({ text: 'select 1', signal: AbortSignal.abort(new Error('over')) })
      await expect(late).rejects.toThrow('over')
    }))
})

describe('options that pg has not', () => {
  const values =
    "select 1::int8 as a, array[1.10::numeric] as b, '2020-01-02'::date as c, 'x'::text as d"

  test('nativeTypes gives the values of the native API, by client, pool or defaults', async () => {
    const read = (options: object): Promise<unknown> =>
      withClient(async (client) => await rowsOf(client.query(values)), options)
    const nativeRows = await read({ nativeTypes: true })
    expect(nativeRows).toMatchObject([{ b: ['1.10'], d: 'x' }])
    expect(nativeRows).not.toEqual(await read({}))
    await withPool(async (pool) => expect(await rowsOf(pool.query(values))).toEqual(nativeRows), {
      nativeTypes: true,
    })
    defaults.nativeTypes = true
    try {
      expect(await read({})).toEqual(nativeRows)
      expect(await read({ nativeTypes: false })).not.toEqual(nativeRows)
    } finally {
      defaults.nativeTypes = false
    }
  })

  test('statementCacheSize parses a text without a name once, and closes what is too much', () =>
    withClient(
      async (client) => {
        const parses: string[] = []
        client.connection.on('parseComplete', () => parses.push('parsed'))
        const ask = (text: string): Promise<unknown> => rowsOf(client.query(text, [1]))
        await ask('select $1::int as a')
        expect(await ask('select $1::int as a')).toEqual([{ a: 1 }])
        await ask('select $1::int as b')
        expect(parses).toHaveLength(2)
        await ask('select $1::int as c')
        const count = 'select count(*)::int as n from pg_prepared_statements'
        expect(await rowsOf(client.query(count))).toEqual([{ n: 2 }])
        await client.query('discard all')
        expect(await ask('select $1::int as c')).toEqual([{ c: 1 }])
      },
      { statementCacheSize: 2 },
    ))
})

describe('connecting', () => {
  test('?ssl=false does not turn TLS on', () => {
    expect(new Client('postgres://host/base?ssl=false').ssl).toBe(false)
  })

  test.each(['', 'host=h dbname=d'])(
    'the connection string "%s" does not lead to a host called base',
    (text) => {
      expect(() => new Client(text)).toThrow(TypeError)
    },
  )

  test('a name alone is a database, not a host too', () => {
    expect(new Client('base')).toMatchObject({ host: 'localhost', database: 'base' })
  })

  test('PGCONNECT_TIMEOUT and connect_timeout are heeded', () => {
    const seconds = (text: string): number => new Client(text).connectionParameters.connect_timeout
    expect(seconds('postgres://host/base?connect_timeout=3')).toBe(3)
    process.env['PGCONNECT_TIMEOUT'] = '4'
    try {
      expect(seconds('postgres://host/base')).toBe(4)
    } finally {
      delete process.env['PGCONNECT_TIMEOUT']
    }
  })

  test('a connection is kept alive unless that is not wanted', async () => {
    const kept: unknown[] = []
    for (const options of [{}, { keepAlive: false }]) {
      const stream = new Socket()
      const keepAlive = vi.spyOn(stream, 'setKeepAlive')
      await withClient(() => kept.push(keepAlive.mock.calls), { stream, ...options })
    }
    expect(kept).toEqual([[[true, 0]], []])
  })

  test('a peer that is no PostgreSQL is refused, not waited for', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const client = new Client({ host: '127.0.0.1', port, user: 'u' })
    await expect(client.connect()).rejects.toThrow()
    server.close()
  })

  test('authentication that fails on this side closes the socket at once', async () => {
    const client = new Client({
      connectionString: await dsnOf(),
      scramMaxIterations: 1,
    })
    const ended = told(client, 'end')
    await expect(client.connect()).rejects.toThrow(/iteration/)
    await ended
    expect(client.connection.stream.destroyed).toBe(true)
  })
})

describe('a broken connection', () => {
  test('does not end the process when nobody listens to errors', async () => {
    await withPool(async (pool) => {
      const idle = await pool.connect()
      const pid = await pidOf(idle)
      idle.release()
      await outcome(pool.query('select pg_terminate_backend($1)', [pid]))
      expect(await rowsOf(retried(pool))).toEqual([{ alive: 1 }])
    })
  })

  test('does not end the process while its client is lent', async () => {
    await withPool(async (pool) => {
      const client = await pool.connect()
      const ended = told(client, 'end')
      const pid = await pidOf(client)
      await pool.query('select pg_terminate_backend($1)', [pid])
      await ended
      await expect(client.query('select 1')).rejects.toThrow(/not queryable/)
      client.release()
    })
  })

  test("is told of by one 'error' event, before 'end'", async () => {
    const client = new Client(await dsnOf())
    await client.connect()
    const events: unknown[] = []
    client.on('error', (error: Error) => events.push(error))
    client.on('end', () => events.push('end'))
    const ended = told(client, 'end')
    const pid = await pidOf(client)
    await withClient(async (other) => other.query('select pg_terminate_backend($1)', [pid]))
    await ended
    expect(events).toMatchObject([{ code: '57P01' }, 'end'])
  })
})

/** One more try for whom the pool gives the client that is just being terminated. */
function retried(pool: Pool): Promise<unknown> {
  const ask = (): Promise<unknown> => pool.query('select 1 as alive') as Promise<unknown>
  return ask().catch(ask)
}

describe('a pool', () => {
  test('settles who waits when it is ended', () =>
    withPool(
      async (pool) => {
        const client = await pool.connect()
        const waiting = outcome(pool.connect())
        const ended = pool.end()
        expect(await waiting).toHaveProperty('rejected')
        client.release()
        await ended
      },
      { max: 1 },
    ))

  test('derives the keys of its password once for all its clients', async () => {
    const asked = vi.spyOn(ScramKeyCache.prototype, 'get')
    try {
      await withPool(
        (pool) => Promise.all([1, 2, 3].map(() => pool.query('select pg_sleep(0.05)'))),
        { max: 3 },
      )
      expect(asked).toHaveBeenCalledTimes(3)
      expect(new Set(asked.mock.results.map(({ value }) => value)).size).toBe(1)
    } finally {
      asked.mockRestore()
    }
  })

  test('does not lose its connection to an error of SQL', () =>
    withPool(
      async (pool) => {
        const pid = await rowsOf(pool.query('select pg_backend_pid() as pid'))
        await expect(pool.query('select 1/0')).rejects.toMatchObject({ code: '22012' })
        expect(await rowsOf(pool.query('select pg_backend_pid() as pid'))).toEqual(pid)
      },
      { max: 1 },
    ))

  test('does not hand an open transaction to the next borrower', () =>
    withPool(
      async (pool) => {
        const client = await pool.connect()
        await client.query('begin; create temp table left_behind (a int)')
        client.release()
        await expect(pool.query('select * from left_behind')).rejects.toMatchObject({
          code: '42P01',
        })
      },
      { max: 1 },
    ))

  test('does not let the next borrower wait for a query that timed out', () =>
    withPool(
      async (pool) => {
        const slow = { text: 'select pg_sleep(60)', query_timeout: 30 }
        await expect(pool.query(slow)).rejects.toThrow('Query read timeout')
        expect(await rowsOf(pool.query('select 1 as alive'))).toEqual([{ alive: 1 }])
      },
      { max: 1 },
    ))

  test('keeps the context of who called, not of who opened the connection', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const storage = new AsyncLocalStorage<string>()
    await withPool(
      async (pool) => {
        await storage.run('opener', () => pool.query('select 1'))
        const seen = await new Promise((resolve) => {
          storage.run('caller', () => pool.query('select 1', () => resolve(storage.getStore())))
        })
        expect(seen).toBe('caller')
      },
      { max: 1 },
    )
  })

  test('and its clients can be disposed of', async () => {
    const pool = new Pool({ connectionString: await dsnOf(), max: 1 })
    const client: PoolClient = await pool.connect()
    await client[Symbol.asyncDispose]()
    expect(pool.idleCount).toBe(1)
    await pool[Symbol.asyncDispose]()
    expect(pool.ended).toBe(true)
    await pool[Symbol.asyncDispose]()
  })
})
