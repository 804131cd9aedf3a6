import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Connection,
  type ConnectOptions,
  connect,
  createLargeObject,
  openLargeObject,
  unlinkLargeObject,
} from '../../src/index.js'
import { CUTS_TIMEOUT_MS, cutStep } from '../support/cut-step.js'
import { type Direction, FaultProxy } from '../support/fault-proxy.js'
import { testServer } from '../support/server.js'

/*
 * The connection dies at places all over the conversation of each bulk operation. It must then fail, once
 * and with an error of the connection, or have succeeded: never hang, and never give a wrong row.
 */

const TABLE = 'bulk_loss'
const ROWS = [
  [1, 'a'],
  [2, 'b'],
  [3, 'c'],
]

type Operation = (conn: Connection) => Promise<unknown>

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}

const SELECT = `select * from (values (1, 'a'), (2, 'b'), (3, 'c')) v(id, name)`
const asArrays = { rowMode: 'array' } as const

const INSERT = `insert into ${TABLE} values ($1, $2)`

async function listenAndNotify(conn: Connection): Promise<unknown> {
  const heard: string[] = []
  await using _ = await conn.listen('bulk loss', ({ payload }) => heard.push(payload))
  await conn.notify('bulk loss', 'a')
  // Listeners run behind the message.
  await new Promise(setImmediate)
  return heard
}

function largeObject(conn: Connection): Promise<unknown> {
  return conn.transaction(async (tx) => {
    const oid = await createLargeObject(tx)
    const object = await openLargeObject(tx, oid, 'read-write')
    await object.write(Buffer.from('abc'))
    await object.seek(1)
    const read = (await object.read(10)).toString()
    await object.close()
    await unlinkLargeObject(tx, oid)
    return read
  })
}

async function queries(conn: Connection): Promise<unknown> {
  return [
    await conn.fetchrow('select 1 as n'),
    (await conn.execute('select 1; select 2')).tag,
    await conn.fetchcol('select generate_series(1, 3)'),
    (await conn.fetchColumns('select generate_series(1, 3) as n')).data,
    (await conn.query('select 1 as n')).rowCount,
  ]
}

function preparedStatement(conn: Connection): Promise<unknown> {
  return conn.transaction(async (tx) => {
    await using insert = await tx.prepare(`${INSERT} returning id`)
    await insert.executemany(ROWS)
    await using select = await tx.prepare(SELECT)
    return [
      await insert.fetchmany(ROWS, asArrays),
      await select.fetchcol(),
      await collect(select.stream([], asArrays)),
      await collect(select.cursor([], { ...asArrays, prefetch: 2 })),
    ]
  })
}

/** Each with what it gives when nothing happens, and how many rows it leaves. */
const OPERATIONS: Readonly<Record<string, readonly [Operation, unknown, number?]>> = {
  queries: [queries, [{ n: 1 }, 'SELECT 1', [1, 2, 3], { n: Int32Array.of(1, 2, 3) }, 1]],
  'listen and notify': [listenAndNotify, ['a']],
  'large object': [largeObject, 'bc'],
  stream: [(conn) => collect(conn.stream(SELECT, [], asArrays)), ROWS],
  cursor: [
    (conn) =>
      conn.transaction((tx) => collect(tx.cursor(SELECT, [], { ...asArrays, prefetch: 1 }))),
    ROWS,
  ],
  copyTo: [
    async (conn) => Buffer.concat(await collect(conn.copyTo({ query: SELECT }))).toString(),
    '1\ta\n2\tb\n3\tc\n',
  ],
  copyRecordsFrom: [(conn) => collect(conn.copyRecordsFrom(SELECT, asArrays)), ROWS],
  copyFrom: [async (conn) => (await conn.copyFrom(TABLE, ['1\ta\n', '2\tb\n'])).rowCount, 2, 2],
  copyRecordsTo: [async (conn) => (await conn.copyRecordsTo(TABLE, ROWS)).rowCount, 3, 3],
  executemany: [async (conn) => (await conn.executemany(INSERT, ROWS)).rowCount, 3, 3],
  fetchmany: [
    (conn) => conn.fetchmany(`${INSERT} returning id`, ROWS, asArrays),
    [[1], [2], [3]],
    3,
  ],
  insertMany: [
    async (conn) => (await conn.insertMany(TABLE, ROWS, { returning: ['id'] })).rows,
    [{ id: 1 }, { id: 2 }, { id: 3 }],
    3,
  ],
  batch: [
    async (conn) => (await conn.batch([SELECT, [INSERT, [1, 'a']]])).map((each) => each.rowCount),
    [3, 1],
    1,
  ],
  'prepared statement': [preparedStatement, [[[1], [2], [3]], [1, 2, 3], ROWS, ROWS], 6],
  replication: [async (conn) => (await conn.query('IDENTIFY_SYSTEM', [], asArrays)).rows.length, 1],
}

const REPLICATION = { replication: 'database' } as const

/** Places between which the cuts lie, in bytes: few enough for the tests, and of no message's length. */
const STEP_BYTES = cutStep(37)

let target: { host: string; port: number }
let dsn: (port: number, options: ConnectOptions) => string
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)
let control: Connection

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled)
  const server = await testServer()
  control = await connect(server.dsn())
  await control.execute(`drop table if exists ${TABLE}; create table ${TABLE} (id int, name text)`)
  const url = new URL(server.dsn({ sslmode: 'disable' }))
  target = { host: '127.0.0.1', port: Number(url.port) }
  dsn = (port, { replication }) => {
    const proxied = new URL(replication === undefined ? url : server.adminDsn)
    proxied.searchParams.set('sslmode', 'disable')
    proxied.hostname = '127.0.0.1'
    proxied.port = String(port)
    return proxied.href
  }
})

afterAll(async () => {
  await control.execute(`drop table ${TABLE}`)
  await control.close()
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

describe.each(Object.entries(OPERATIONS))('%s', (name, [run, expected, left = 0]) => {
  const options = name === 'replication' ? REPLICATION : {}

  test.each(['toServer', 'toClient'] as const)(
    'cut %s',
    async (way: Direction) => {
      const [from, to] = await conversation(run, way, options)
      expect(to).toBeGreaterThan(from)
      for (let at = from + 1; at < to; at += STEP_BYTES) {
        await control.execute(`truncate ${TABLE}`)
        await using proxy = await FaultProxy.start(target, {
          [way]: { cutAfter: at, cut: 'reset' },
        })
        const conn = await connect(dsn(proxy.port, options), options)
        const outcome = await run(conn).catch((error: unknown) => error)
        const rows = await control.fetchval(`select count(*)::int from ${TABLE}`)
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ code: expect.stringMatching(/^ERR_SLUICE_/) })
          // All or nothing; and nothing where it says that it may be repeated.
          expect(outcome).toSatisfy(() => rows === 0 || (rows === left && !isSafe(outcome)))
          await expect(conn.execute('select 1')).rejects.toMatchObject({
            code: 'ERR_SLUICE_CONNECTION_CLOSED',
          })
        } else {
          expect(outcome).toEqual(expected)
          expect(rows).toBe(left)
        }
        conn.terminate()
      }
    },
    CUTS_TIMEOUT_MS,
  )
})

function isSafe(error: unknown): boolean {
  return (error as { safeToRetry: boolean }).safeToRetry
}

/** From which byte to which the operation is, on an undisturbed connection. */
async function conversation(
  run: Operation,
  way: Direction,
  options: ConnectOptions,
): Promise<[number, number]> {
  await using proxy = await FaultProxy.start(target)
  await using conn = await connect(dsn(proxy.port, options), options)
  const [connection] = proxy.connections
  const from = connection?.bytes[way] ?? 0
  await run(conn)
  return [from, connection?.bytes[way] ?? 0]
}
