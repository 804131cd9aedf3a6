import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect, createPool, type Pool } from '../../src/index.js'
import { sharesConnections } from '../support/left-behind.js'
import { testServer } from '../support/server.js'

let conn: Connection
let pool: Pool

sharesConnections()

beforeAll(async () => {
  const server = await testServer()
  conn = await connect(server.dsn())
  pool = await createPool(server.dsn(), { minSize: 0, maxSize: 1 })
})

afterAll(async () => {
  await conn.close()
  await pool.close()
})

const SERIES = 'select n from generate_series(1, $1::int) n'

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = []
  for await (const row of rows) all.push(row)
  return all
}

describe('stream', () => {
  test('gives all rows, typed, as objects or arrays', async () => {
    expect(await collect(conn.stream(SERIES, [3]))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(await collect(conn.stream(SERIES, [2], { rowMode: 'array' }))).toEqual([[1], [2]])
    expect(await collect(conn.stream('select 1 as copy'))).toEqual([{ copy: 1 }])
    expect(await collect(conn.stream(SERIES, [0]))).toEqual([])
    expect(await collect(conn.stream(''))).toEqual([])
  })

  test('gives rows in chunks', async () => {
    let rowCount = 0
    for await (const rows of conn.stream<{ n: number }>(SERIES, [10_000]).chunks()) {
      expect(rows[0]?.n).toBe(rowCount + 1)
      rowCount += rows.length
    }
    expect(rowCount).toBe(10_000)
  })

  test('is a ReadableStream', async () => {
    const stream = conn.stream<{ n: number }>(SERIES, [3])
    expect(stream).toBeInstanceOf(ReadableStream)
    const reader = stream.getReader()
    expect(await reader.read()).toEqual({ done: false, value: { n: 1 } })
    expect(() => stream.getReader()).toThrow(TypeError)
    expect(() => stream.values()).toThrow(TypeError)
    reader.releaseLock()
    expect(await collect(stream)).toEqual([{ n: 2 }, { n: 3 }])
    const doubled = conn
      .stream<{ n: number }>(SERIES, [3])
      .pipeThrough(
        new TransformStream({ transform: ({ n }, controller) => controller.enqueue(n * 2) }),
      )
    expect(await collect(doubled)).toEqual([2, 4, 6])
  })

  test('is unlocked after a loop, and closed', async () => {
    const stream = conn.stream(SERIES, [3])
    await collect(stream)
    expect(stream.locked).toBe(false)
    expect(await stream.getReader().read()).toEqual({ done: true, value: undefined })
  })

  test('an iterator that is over may be returned and disposed of', async () => {
    for (const query of ['select 1', 'select 1/0']) {
      const rows = conn.stream(query).values()
      while ((await rows.next().catch(() => undefined))?.done === false);
      expect(await rows.return?.()).toEqual({ done: true, value: undefined })
      await rows[Symbol.asyncDispose]()
    }
  })

  test('has the connection for itself; what is called meanwhile waits', async () => {
    const stream = conn.stream<{ n: number }>(SERIES, [200_000])
    const next = conn.fetchval('select 1')
    let isOver = false
    void next.then(() => {
      isOver = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(isOver).toBe(false)
    const second = conn.stream(SERIES, [2])
    expect((await collect(stream)).length).toBe(200_000)
    expect(await next).toBe(1)
    expect(await collect(second)).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('left early stops the query, and the connection goes on', async () => {
    const endless = 'select generate_series(1, 1000000000) as n'
    for await (const { n } of conn.stream<{ n: number }>(endless)) if (n === 5) break
    for await (const rows of conn.stream(endless).chunks()) if (rows.length > 0) break
    const reader = conn.stream(endless).getReader()
    await reader.read()
    await reader.cancel()
    await conn.stream(endless).cancel()
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('left early by an error of the loop, which is passed on', async () => {
    const failure = new Error('mine')
    const loop = (async () => {
      for await (const _ of conn.stream(SERIES, [1_000_000])) throw failure
    })()
    expect(await loop.catch((error: unknown) => error)).toBe(failure)
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('left early within a transaction fails nothing', async () => {
    await conn.execute('begin')
    for await (const _ of conn.stream(SERIES, [100_000])) break
    expect(await conn.fetchval('select 1')).toBe(1)
    expect(conn.transactionStatus).toBe('transaction')
    await conn.execute('commit')
  })

  test('an error comes behind the rows before it', async () => {
    const seen: unknown[] = []
    const reading = (async () => {
      const rows = conn.stream('select 1 / (3 - n) as x from generate_series(1, 5) n')
      for await (const row of rows) seen.push(row)
    })()
    await expect(reading).rejects.toMatchObject({ code: '22012' })
    expect(seen).toEqual([{ x: 0 }, { x: 1 }])
    const reader = conn.stream('select 1 / 0').getReader()
    await expect(reader.read()).rejects.toMatchObject({ code: '22012' })
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  const wrong: readonly [string, unknown[], string][] = [
    ['selec', [], '42601'],
    [SERIES, [], 'ERR_SLUICE_INTERFACE'],
    [SERIES, ['x'], 'ERR_SLUICE_ENCODE'],
    ['copy (select 1) to stdout', [], 'ERR_SLUICE_INTERFACE'],
    ['select 1; select 2', [], '42601'],
  ]
  for (const [query, params, code] of wrong) {
    test(`${query} with ${params.length} parameters fails by ${code}`, async () => {
      await expect(collect(conn.stream(query, params))).rejects.toMatchObject({ code })
      expect(await conn.fetchval('select 1')).toBe(1)
    })
  }

  test('arguments of the wrong kind are refused at once', () => {
    expect(() => conn.stream(5 as never)).toThrow(TypeError)
    expect(() => conn.stream('select 1', 5 as never)).toThrow(TypeError)
    expect(() => conn.stream('select 1', [], { rowMode: 'x' as never })).toThrow(TypeError)
  })

  test('a signal ends it, with its reason, whenever it is aborted', async () => {
    for (const rows of [0, 1, 5000]) {
      const abort = new AbortController()
      const stream = conn.stream('select generate_series(1, 100000000)', [], {
        signal: abort.signal,
      })
      const reason = new Error('enough')
      let seen = 0
      if (rows === 0) abort.abort(reason)
      const reading = (async () => {
        for await (const _ of stream) if (++seen === rows) abort.abort(reason)
      })()
      expect(await reading.catch((error: unknown) => error)).toBe(reason)
      expect(await conn.fetchval('select 1')).toBe(1)
    }
  })

  test('its timeout ends it', async () => {
    const stream = conn.stream('select pg_sleep(60)', [], { timeout: 50 })
    await expect(collect(stream)).rejects.toMatchObject({ code: 'ERR_SLUICE_QUERY_TIMEOUT' })
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('nobody who reads holds the server back', async () => {
    const stream = conn.stream<{ t: string }>(
      `select repeat('x', 1000) as t from generate_series(1, 50000)`,
    )
    const reader = stream.getReader()
    await reader.read()
    const before = process.memoryUsage().rss
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(process.memoryUsage().rss - before).toBeLessThan(20 * 1024 * 1024)
    reader.releaseLock()
    expect((await collect(stream)).length).toBe(49_999)
  })

  test('by a pool has a connection until it is over', async () => {
    const stream = pool.stream<{ n: number }>(SERIES, [100_000])
    for await (const { n } of stream) {
      expect(pool.idleSize).toBe(0)
      if (n === 3) break
    }
    await expect.poll(() => pool.idleSize).toBe(1)
    expect(await collect(pool.stream(SERIES, [2]))).toEqual([{ n: 1 }, { n: 2 }])
    await expect.poll(() => pool.idleSize).toBe(1)
  })

  test('after close, and of a connection that dies', async () => {
    const closed = await connect((await testServer()).dsn())
    const stream = closed.stream(SERIES, [10_000_000])
    const reader = stream.getReader()
    await reader.read()
    closed.terminate()
    const rest = (async () => {
      while (!(await reader.read()).done);
    })()
    await expect(rest).rejects.toMatchObject({ code: 'ERR_SLUICE_CONNECTION_CLOSED' })
    await expect(collect(closed.stream(SERIES, [1]))).rejects.toMatchObject({
      code: 'ERR_SLUICE_CONNECTION_CLOSED',
    })
  })
})
