import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createPool,
  type Pool,
  type QueryTrace,
} from '../../src/index.js'
import { testServer } from '../support/server.js'
import { recordTraces as record } from '../support/trace-record.js'

let dsn: string
let conn: Connection

beforeEach(async () => {
  dsn = (await testServer()).dsn()
  conn = await connect(dsn)
})

afterEach(() => conn.close())

const duration = expect.any(Number)

/** Passes over all rows. */
async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows);
}

/** Takes one row and leaves. */
async function leave(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows) break
}

const THREE = 'select $1::int as n from generate_series(1, 3)'
const MANY = 'select generate_series(1, 1000000)'
const INSERT = 'insert into told values ($1, $2)'
const ROWS = [
  [1, 'hunter2'],
  [2, 'hunter2'],
]
const BOOM = new Error('boom')
const source = async function* () {
  yield [1, 'hunter2']
  throw BOOM
}

/** Rows that come one by one. */
async function* later<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows
}

type Work = (conn: Connection) => Promise<unknown>

/** What each operation tells at its end, besides the duration. */
const OPERATIONS: readonly (readonly [string, Work, 'query' | 'copy', object[]])[] = [
  [
    'stream',
    (c) => drain(c.stream(THREE, [7])),
    'query',
    [{ text: THREE, parameterCount: 1, command: 'SELECT', rowCount: 3 }],
  ],
  [
    'a stream that is left',
    (c) => leave(c.stream(MANY)),
    'query',
    [{ text: MANY, parameterCount: 0 }],
  ],
  [
    'a stream that fails',
    (c) => drain(c.stream('select 1/0')).catch(() => {}),
    'query',
    [
      {
        text: 'select 1/0',
        parameterCount: 0,
        error: expect.objectContaining({ code: '22012' }),
      },
    ],
  ],
  [
    'cursor, each step',
    (c) => c.transaction((tx) => drain(tx.cursor(THREE, [7], { prefetch: 2 }))),
    'query',
    [
      { text: THREE, parameterCount: 1, rowCount: 2 },
      { text: THREE, parameterCount: 1, rowCount: 1 },
    ],
  ],
  [
    'batch',
    (c) =>
      c.batch([
        [THREE, [7]],
        [INSERT, ROWS[0] ?? []],
      ]),
    'query',
    [{ text: `${THREE};\n${INSERT}`, parameterCount: 3, rowCount: 4, batchSize: 2 }],
  ],
  [
    'executemany',
    (c) => c.executemany(INSERT, ROWS),
    'query',
    [{ text: INSERT, parameterCount: 0, command: 'INSERT', rowCount: 2, batchSize: 2 }],
  ],
  [
    'executemany whose source fails',
    (c) => c.executemany(INSERT, source()).catch(() => {}),
    'query',
    [{ text: INSERT, parameterCount: 0, error: BOOM }],
  ],
  [
    'fetchmany',
    (c) => c.fetchmany(`${INSERT} returning a`, ROWS),
    'query',
    [
      {
        text: `${INSERT} returning a`,
        parameterCount: 0,
        command: 'INSERT',
        rowCount: 2,
        batchSize: 2,
      },
    ],
  ],
  [
    'insertMany by a statement',
    (c) => c.insertMany('told', ROWS, { returning: ['a'] }),
    'query',
    [
      {
        text: 'insert into "told" values ($1, $2) returning "a"',
        parameterCount: 0,
        command: 'INSERT',
        rowCount: 2,
        batchSize: 2,
      },
    ],
  ],
  [
    'insertMany of rows that are there',
    (c) => c.insertMany('told', ROWS),
    'query',
    [
      {
        text: 'insert into "told" overriding system value select r.* from pg_catalog.unnest($1::"told"[]) as r',
        parameterCount: 1,
        command: 'INSERT',
        rowCount: 2,
      },
    ],
  ],
  [
    'insertMany by COPY',
    (c) => c.insertMany('told', later(ROWS)),
    'copy',
    [{ text: 'COPY "told" FROM STDIN', parameterCount: 0, command: 'COPY', rowCount: 2 }],
  ],
  [
    'copyFrom',
    (c) => c.copyFrom('told', [Buffer.from('1\thunter2\n')]),
    'copy',
    [
      {
        text: expect.stringMatching(/^COPY "told" FROM STDIN/),
        parameterCount: 0,
        command: 'COPY',
        rowCount: 1,
      },
    ],
  ],
  [
    'copyTo a sink',
    (c) => c.copyTo({ query: 'select 1' }, () => {}),
    'copy',
    [
      {
        text: expect.stringMatching(/^COPY \(select 1\s*\) TO STDOUT/),
        parameterCount: 0,
        command: 'COPY',
        rowCount: 1,
      },
    ],
  ],
  [
    'copyTo a sink that fails',
    (c) =>
      c
        .copyTo({ query: 'select 1' }, () => {
          throw BOOM
        })
        .catch(() => {}),
    'copy',
    [{ text: expect.stringMatching(/^COPY/), parameterCount: 0, error: BOOM }],
  ],
  [
    'copyTo, iterated',
    (c) => drain(c.copyTo({ query: 'select 1' })),
    'copy',
    [{ text: expect.stringMatching(/^COPY/), parameterCount: 0, command: 'COPY', rowCount: 1 }],
  ],
  [
    'copyTo, left',
    (c) => leave(c.copyTo({ query: 'select generate_series(1, 100000)' })),
    'copy',
    [{ text: expect.stringMatching(/^COPY/), parameterCount: 0 }],
  ],
  [
    'copyRecordsTo',
    (c) => c.copyRecordsTo('told', ROWS),
    'copy',
    [{ text: 'COPY "told" FROM STDIN', parameterCount: 0, command: 'COPY', rowCount: 2 }],
  ],
  [
    'copyRecordsFrom',
    (c) => drain(c.copyRecordsFrom('select 1 as n')),
    'copy',
    [{ text: 'COPY (select 1 as n) TO STDOUT', parameterCount: 0, command: 'COPY', rowCount: 1 }],
  ],
]

describe('operations of many rows', () => {
  beforeEach(() => conn.execute('create temp table told (a int, b text)'))

  test.each(OPERATIONS)('%s', async (_name, run, channel, expected) => {
    const queries = record('sluice:query')
    const copies = record('sluice:copy')
    await run(conn)
    // Whoever leaves early waits for nothing.
    await conn.notify('told')
    const own = (channel === 'query' ? queries : copies).filter(
      ([event, { text }]) => event === 'asyncEnd' && !`${text}`.includes('pg_notify'),
    )
    expect(own.map(([, context]) => context)).toEqual(
      expected.map((each) => ({ ...each, duration })),
    )
    expect(channel === 'query' ? copies : queries.slice(4)).toEqual([])
    expect(JSON.stringify([queries, copies])).not.toContain('hunter2')
  })
})

test('sluice:prepare tells the text and failures, and no query is told of', async () => {
  const seen = record('sluice:prepare')
  const queries = record('sluice:query')
  await using statement = await conn.prepare('select $1::int as n')
  await conn.prepare('select nothing').catch(() => {})
  expect(seen.filter(([event]) => event === 'asyncEnd').map(([, context]) => context)).toEqual([
    { text: 'select $1::int as n', duration },
    { text: 'select nothing', duration, error: expect.objectContaining({ code: '42703' }) },
  ])
  expect(queries).toEqual([])
  await statement.fetch([7])
  expect(queries.at(-1)?.[1]).toMatchObject({ text: 'select $1::int as n', rowCount: 1 })
})

describe('the option onQuery', () => {
  let told: QueryTrace[]
  const onQuery = (query: QueryTrace) => told.push(query)

  beforeEach(() => {
    told = []
  })

  const work = async (queryable: Connection | Pool) => {
    await queryable.fetch('select $1::text', ['hunter2'])
    await queryable.fetchval('select 1/0').catch(() => {})
    await drain(queryable.copyRecordsFrom('select 1 as n'))
    await queryable.transaction((tx) => tx.execute('select 2'))
  }
  const expected = [
    { text: 'select $1::text', parameterCount: 1, command: 'SELECT', rowCount: 1, duration },
    {
      text: 'select 1/0',
      parameterCount: 0,
      duration,
      error: expect.objectContaining({ code: '22012' }),
    },
    {
      text: 'COPY (select 1 as n) TO STDOUT',
      parameterCount: 0,
      command: 'COPY',
      rowCount: 1,
      duration,
    },
    { text: 'select 2', parameterCount: 0, command: 'SELECT', rowCount: 1, duration },
  ]

  test('of a connection gets its queries and COPYs, and no other', async () => {
    await using own = await connect(dsn, { onQuery })
    await conn.execute('select 3')
    await work(own)
    expect(told).toEqual(expected)
    expect(JSON.stringify(told)).not.toContain('hunter2')
  })

  test('of a pool gets those of the pool and of its connections', async () => {
    await using pool = await createPool(dsn, { onQuery, minSize: 1 })
    await work(pool)
    await pool.use(work)
    expect(told).toEqual([...expected, ...expected])
  })

  test('that throws disturbs no query', async () => {
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
    const others = process.listeners('uncaughtException').slice(0, -1)
    for (const other of others) process.off('uncaughtException', other)
    try {
      await using own = await connect(dsn, {
        onQuery() {
          throw BOOM
        },
      })
      expect(await own.fetchval('select 1')).toBe(1)
      expect(await uncaught).toBe(BOOM)
    } finally {
      for (const other of others) process.on('uncaughtException', other)
    }
  })
})
