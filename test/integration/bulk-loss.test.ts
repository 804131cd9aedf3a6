import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
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

/** Each with what it gives when nothing happens. */
const OPERATIONS: Readonly<Record<string, readonly [Operation, unknown]>> = {
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
  copyFrom: [async (conn) => (await conn.copyFrom(TABLE, ['1\ta\n', '2\tb\n'])).rowCount, 2],
  copyRecordsTo: [async (conn) => (await conn.copyRecordsTo(TABLE, ROWS)).rowCount, 3],
  executemany: [
    async (conn) => (await conn.executemany(`insert into ${TABLE} values ($1, $2)`, ROWS)).rowCount,
    3,
  ],
  batch: [
    async (conn) => (await conn.batch([SELECT, 'select 1 as n'])).map(({ rowCount }) => rowCount),
    [3, 1],
  ],
}

/** Places between which the cuts lie, in bytes: few enough for the tests, and of no message's length. */
const STEP_BYTES = 37

let target: { host: string; port: number }
let dsn: (port: number) => string
let control: Connection

beforeAll(async () => {
  const server = await testServer()
  control = await connect(server.dsn())
  await control.execute(`drop table if exists ${TABLE}; create table ${TABLE} (id int, name text)`)
  const url = new URL(server.dsn({ sslmode: 'disable' }))
  target = { host: '127.0.0.1', port: Number(url.port) }
  dsn = (port) => {
    const proxied = new URL(url)
    proxied.hostname = '127.0.0.1'
    proxied.port = String(port)
    return proxied.href
  }
})

afterAll(async () => {
  await control.execute(`drop table ${TABLE}`)
  await control.close()
})

describe.each(Object.entries(OPERATIONS))('%s', (_name, [run, expected]) => {
  test.each(['toServer', 'toClient'] as const)('cut %s', async (way: Direction) => {
    const [from, to] = await conversation(run, way)
    for (let at = from + 1; at < to; at += STEP_BYTES) {
      await control.execute(`truncate ${TABLE}`)
      await using proxy = await FaultProxy.start(target, { [way]: { cutAfter: at, cut: 'reset' } })
      const conn = await connect(dsn(proxy.port))
      const outcome = await run(conn).catch((error: unknown) => error)
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ code: expect.stringMatching(/^ERR_SLUICE_/) })
        await expect(conn.fetchval('select 1')).rejects.toMatchObject({
          code: 'ERR_SLUICE_CONNECTION_CLOSED',
        })
      } else {
        expect(outcome).toEqual(expected)
      }
      conn.terminate()
    }
  })
})

/** From which byte to which the operation is, on an undisturbed connection. */
async function conversation(run: Operation, way: Direction): Promise<[number, number]> {
  await using proxy = await FaultProxy.start(target)
  await using conn = await connect(dsn(proxy.port))
  const [connection] = proxy.connections
  const from = connection?.bytes[way] ?? 0
  await run(conn)
  return [from, connection?.bytes[way] ?? 0]
}
