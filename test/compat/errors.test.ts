import { createServer } from 'node:net'
import { describe } from 'vitest'
import type { PgModule } from './modules.js'
import { outcome, plain, thrown } from './outcome.js'
import { called, compareScenarios, type Scenario, told, withClient, withPool } from './scenarios.js'

/** Statements that the server refuses, for all fields of an error. */
const REFUSED: readonly string[] = [
  'selec 1',
  'select 1/0',
  'select * from absent',
  'select absent',
  "select 'x'::int",
  "insert into guarded values (1, 'a')",
  "insert into guarded values (null, 'a')",
  "insert into guarded values (2, 'too long')",
  'insert into guarded values (-1, null)',
  'select absent()',
  "do $$ begin raise exception 'own' using errcode = 'P0001', detail = 'd', hint = 'h'; end $$",
  'set role absent_role',
  'select 1; select 2; selec',
]

const refusals: Scenario = withClient(async (client) => {
  await client.query(
    'create temp table guarded (a int primary key check (a > 0), b varchar(3)); insert into guarded values (1)',
  )
  const list: unknown[] = []
  for (const text of REFUSED) {
    list.push([text, await outcome(client.query(text))])
    const extended = { text, queryMode: 'extended' } as never
    list.push([text, await outcome(client.query(extended))])
  }
  return list
})

/** The reasons for which no connection comes about. */
const connecting = (change: (dsn: string) => object | Promise<object>): Scenario => {
  return async (pg, dsn) => {
    const client = new pg.Client((await change(dsn)) as never)
    const heard: unknown[] = []
    client.on('error', (error) => heard.push(plain(error)))
    const ended = told(client as never, 'end')
    const result = await outcome(client.connect().then(() => 'connected'))
    client.end().catch(() => {})
    await ended
    return [result, heard]
  }
}

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A server that answers each connection in its way, while it is used. */
async function withServer<T>(
  answer: (socket: import('node:net').Socket) => void,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const sockets: import('node:net').Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    answer(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use((server.address() as { port: number }).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

const connectTo =
  (answer: (socket: import('node:net').Socket) => void, config: object = {}): Scenario =>
  (pg) =>
    withServer(answer, async (port) => {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'u', ...config })
      client.on('error', () => {})
      return await outcome(client.connect())
    })

const clientOf = (pg: PgModule, dsn: string): InstanceType<PgModule['Client']> => {
  const client = new pg.Client(dsn)
  client.on('error', () => {})
  return client
}

describe('errors of queries', () => {
  compareScenarios({
    'have the fields of the server': refusals,
    'are DatabaseErrors': withClient(async (client, pg) => {
      const error = await client.query('select 1/0').catch((reason: unknown) => reason as Error)
      return [
        error instanceof pg.DatabaseError,
        error instanceof Error,
        String(error),
        Object.keys(error).sort(),
        JSON.parse(JSON.stringify(error)).code,
      ]
    }),
    'of query_timeout': withClient(async (client) => [
      await outcome(client.query({ text: 'select pg_sleep(30)', query_timeout: 20 } as never)),
    ]),
    'of query_timeout of the client': withClient(
      (client) => outcome(client.query('select pg_sleep(30)')),
      { query_timeout: 20 },
    ),
    'of statement_timeout': withClient((client) => outcome(client.query('select pg_sleep(30)')), {
      statement_timeout: 20,
    }),
    'after end()': async (pg, dsn) => {
      const client = clientOf(pg, dsn)
      await client.connect()
      await client.end()
      return [
        await outcome(client.query('select 1')),
        await called((callback) => client.query('select 1', callback as never)),
        await outcome(client.query({ text: 'select 1', rows: 2 } as { text: string })),
        await outcome(client.connect()),
        await called((callback) => client.connect(callback as never)),
        await outcome(client.end()),
      ]
    },
    'after end() of a client that was not connected': async (pg, dsn) => {
      const client = clientOf(pg, dsn)
      await client.end()
      const query = (): Promise<unknown> => outcome(client.query('select 1'))
      return [
        await query(),
        await outcome(client.connect().then(() => 'connected')),
        await query(),
        await outcome(client.end()),
      ]
    },
    'of a second connect()': withClient((client) => outcome(client.connect())),
    'when the client ends with queries under way': async (pg, dsn) => {
      const client = clientOf(pg, dsn)
      await client.connect()
      const running = outcome(client.query('select pg_sleep(30)'))
      const queued = outcome(client.query('select 1'))
      await client.end()
      return [await running, await queued]
    },
    'when the backend is terminated with queries under way': async (pg, dsn) => {
      const client = clientOf(pg, dsn)
      await client.connect()
      const ended = told(client as never, 'end')
      const running = outcome(client.query('select pg_terminate_backend(pg_backend_pid())'))
      const queued = outcome(client.query('select 1'))
      const results = [await running, await queued]
      await ended
      return [...results, await outcome(client.query('select 1'))]
    },
    'of pipeline mode': withClient(
      async (client) => [
        await outcome(
          Promise.all([client.query('select 1 as a'), client.query('select $1::int as a', [2])]),
        ),
        await Promise.all([
          outcome(client.query('select 1/0')),
          outcome(client.query('select 2 as a')),
        ]),
        await outcome(client.query({ text: 'select 1', rows: 1 } as never)),
        await new Promise((resolve) => {
          client.query({ submit: () => {}, handleError: (error: Error) => resolve(plain(error)) })
        }),
      ],
      { pipeline: true },
    ),
  })
})

describe('errors of connecting', () => {
  compareScenarios({
    'nobody listens': async (pg) => {
      const client = new pg.Client({ host: '127.0.0.1', port: await freePort(), user: 'u' })
      const { rejected } = (await outcome(client.connect())) as { rejected: { error: string } }
      return { ...rejected, error: rejected.error.replace(/\d+$/, '') }
    },
    'an unknown host': connecting(() => ({ host: 'absent.invalid', user: 'u' })),
    'no such folder of sockets': connecting(() => ({ host: '/absent', user: 'u' })),
    'a wrong password': connecting((dsn) => ({ connectionString: withPassword(dsn, 'wrong') })),
    'no password': connecting((dsn) => ({ connectionString: withPassword(dsn, '') })),
    'an empty password of a function': connecting((dsn) => ({
      connectionString: withPassword(dsn, ''),
      password: () => '',
    })),
    'a password that is no string': connecting((dsn) => ({
      ...apart(dsn),
      password: () => 5,
    })),
    'a password function that fails': connecting((dsn) => ({
      ...apart(dsn),
      password: async () => {
        throw Object.assign(new RangeError('no vault'), { code: 'EVAULT' })
      },
    })),
    'an empty password': connecting((dsn) => ({ ...apart(dsn), password: () => '' })),
    'an unknown database': connecting((dsn) => ({ ...apart(dsn), database: 'absent_db' })),
    'TLS where there is none': connectTo((socket) => socket.once('data', () => socket.write('N')), {
      ssl: true,
    }),
    'nonsense in answer to the wish for TLS': connectTo(
      (socket) => socket.once('data', () => socket.write('X')),
      { ssl: true },
    ),
    'a server that hangs up': connectTo((socket) => socket.end()),
    'a server that hangs up when asked': connectTo((socket) =>
      socket.once('data', () => socket.end()),
    ),
    'a server that is silent': connectTo(() => {}, { connectionTimeoutMillis: 30 }),
    'a wrong sslnegotiation': (pg) => [
      thrown(() => new pg.Client({ sslnegotiation: 'x' as never })),
      thrown(() => new pg.Client({ sslnegotiation: 'direct' })),
      thrown(() => new pg.Client('postgres://h/d?sslnegotiation=x')),
    ],
  })
})

describe('errors of a pool', () => {
  compareScenarios({
    'no client in time': withPool(
      async (pool) => {
        const client = await pool.connect()
        const results = [await outcome(pool.connect()), await outcome(pool.query('select 1'))]
        client.release()
        return results
      },
      { max: 1, connectionTimeoutMillis: 400 },
    ),
    'no connection in time': (pg) =>
      withServer(
        () => {},
        async (port) => {
          const config = { host: '127.0.0.1', port, user: 'u', connectionTimeoutMillis: 30 }
          const pool = new pg.Pool(config)
          const error = await pool.connect().catch((reason: unknown) => reason as Error)
          await pool.end()
          return [plain(error), (error as Error).cause instanceof Error]
        },
      ),
    'used after its end': withPool(async (pool) => {
      await pool.end()
      return [
        await outcome(pool.connect()),
        await outcome(pool.query('select 1')),
        await outcome(pool.end()),
        await called((callback) => pool.connect((error) => callback(error))),
        await called((callback) => pool.end(callback as never)),
      ]
    }),
    'released twice': withPool(async (pool) => {
      const client = await pool.connect()
      client.release()
      return thrown(() => client.release())
    }),
    'a function for a text': withPool((pool) =>
      called((callback) => pool.query(callback as never)),
    ),
    'misuse of query': withPool(async (pool) => [
      await outcome(pool.query(null as never)),
      await outcome(pool.query({} as never)),
      await outcome(pool.query('selec')),
    ]),
    'called without new': (pg) => {
      const call = thrown(() => (pg.Pool as unknown as () => void)())
      return 'thrown' in (call as object)
    },
    'a hook that fails': withPool((pool) => outcome(pool.connect()), {
      onConnect: () => {
        throw new RangeError('unwelcome')
      },
    }),
    'a verification that fails': withPool((pool) => outcome(pool.connect()), {
      verify: (_client: unknown, done: (error: Error) => void) => done(new RangeError('unfit')),
    }),
  })
})

function withPassword(dsn: string, password: string): string {
  const url = new URL(dsn)
  url.password = password
  return url.href
}

function apart(dsn: string): object {
  const url = new URL(dsn)
  return {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    database: url.pathname.slice(1),
  }
}
