import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, connect, createPool, type Pool } from '../../src/index.js'
import { sharesConnections } from '../support/left-behind.js'
import { testServer } from '../support/server.js'

let conn: Connection
let pool: Pool
let folder: string

sharesConnections()

beforeAll(async () => {
  const server = await testServer()
  conn = await connect(server.dsn())
  pool = await createPool(server.dsn(), { minSize: 0, maxSize: 2 })
  folder = await mkdtemp(join(tmpdir(), 'copy-'))
})

afterAll(async () => {
  await conn.close()
  await pool.close()
  await rm(folder, { recursive: true })
})

beforeEach(async () => {
  await conn.execute('drop table if exists pg_temp.copied')
  await conn.execute('create temp table copied (id int, name text, made date)')
})

async function text(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}

const LINES = '1\tAnn\t2020-01-01\n2\t\\N\t\\N\n'

describe('copyFrom', () => {
  const path = () => join(folder, 'in.tsv')

  const sources = {
    'a Buffer': () => Buffer.from(LINES),
    'an ArrayBuffer': () => new Uint8Array(Buffer.from(LINES)).buffer,
    'an array of strings': () => [LINES.slice(0, 5), LINES.slice(5)],
    'a path': () => path(),
    'a file URL': () => pathToFileURL(path()),
    'a stream of Node': () => createReadStream(path()),
    'a stream of the web': () => Readable.toWeb(Readable.from([Buffer.from(LINES)])) as never,
    'an async generator': async function* () {
      for (const byte of Buffer.from(LINES)) yield Buffer.of(byte)
    },
  }

  for (const [name, source] of Object.entries(sources)) {
    test(`takes ${name}`, async () => {
      await writeFile(path(), LINES)
      const result = await conn.copyFrom(
        'copied',
        typeof source === 'function' ? (source() as never) : source,
      )
      expect(result).toEqual({ command: 'COPY', rowCount: 2, tag: 'COPY 2' })
      expect(await text(conn.copyTo('copied'))).toBe(LINES)
    })
  }
})

describe('copyFrom refuses', () => {
  test('what is no source, before anything is sent', async () => {
    await expect(conn.copyFrom('copied', 5 as never)).rejects.toThrow(TypeError)
    await expect(conn.copyFrom('copied', [5] as never)).rejects.toThrow(TypeError)
    await expect(conn.copyFrom('copied', LINES)).rejects.toMatchObject({
      code: 'ERR_SLUICE_INTERFACE',
    })
    await expect(conn.copyFrom('copied', join(folder, 'none'))).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(() => conn.copyFrom('copied', [], { nul: '' } as never)).toThrow(/no option "nul"/)
    expect(await count()).toBe(0)
  })

  test('a table that is not there', async () => {
    await expect(conn.copyFrom('nothing', [LINES])).rejects.toMatchObject({ code: '42P01' })
    expect(await count()).toBe(0)
  })

  test('data that are no rows, and the source is closed', async () => {
    let isClosed = false
    async function* endless() {
      try {
        for (;;) {
          yield 'x\ty\n'
          await new Promise(setImmediate)
        }
      } finally {
        isClosed = true
      }
    }
    await expect(conn.copyFrom('copied', endless())).rejects.toMatchObject({ code: '22P02' })
    await expect.poll(() => isClosed).toBe(true)
    expect(await count()).toBe(0)
  })

  test('to go on when its source fails: no row is kept, and the one error is that of the source', async () => {
    const failure = new Error('no more')
    function* failing() {
      yield LINES
      throw failure
    }
    const failed = conn.copyFrom('copied', failing())
    const next = count()
    expect(await failed.catch((error: unknown) => error)).toBe(failure)
    expect(await next).toBe(0)
  })

  test('a source that breaks as a stream', async () => {
    const source = new Readable({ read() {} })
    source.push(LINES)
    const failed = conn.copyFrom('copied', source)
    setImmediate(() => source.destroy(new Error('broken')))
    await expect(failed).rejects.toThrow('broken')
    expect(await count()).toBe(0)
  })

  test('a table within a failed transaction', async () => {
    await conn.execute('begin')
    await expect(conn.execute('select 1/0')).rejects.toMatchObject({ code: '22012' })
    await expect(conn.copyFrom('copied', [LINES])).rejects.toMatchObject({ code: '25P02' })
    await conn.execute('rollback')
    expect(await count()).toBe(0)
  })

  test('several statements in the place of a condition', async () => {
    const where = 'true); drop table copied; select (1'
    await expect(conn.copyFrom('copied', [LINES], { where })).rejects.toMatchObject({
      code: '42601',
    })
    expect(await count()).toBe(0)
  })
})

function count(): Promise<number | null> {
  return conn.fetchval<number>('select count(*)::int from copied')
}

describe('copyTo', () => {
  beforeEach(async () => {
    await conn.copyFrom('copied', [LINES])
  })

  test('writes to a function, which is waited for', async () => {
    let written = ''
    const result = await conn.copyTo('copied', async (piece) => {
      await new Promise(setImmediate)
      written += piece.toString()
    })
    expect(result).toEqual({ command: 'COPY', rowCount: 2, tag: 'COPY 2' })
    expect(written).toBe(LINES)
  })

  test('writes to a path, a file URL and a stream of Node', async () => {
    const path = join(folder, 'out.tsv')
    for (const sink of [path, pathToFileURL(path), createWriteStream(path)]) {
      await writeFile(path, 'former')
      await conn.copyTo('copied', sink)
      expect(await readFile(path, 'utf8')).toBe(LINES)
    }
  })

  test('writes to a stream of the web', async () => {
    let written = ''
    let isClosed = false
    const sink = new WritableStream<Uint8Array>({
      write: (piece) => {
        written += Buffer.from(piece).toString()
      },
      close: () => {
        isClosed = true
      },
    })
    await conn.copyTo('copied', sink)
    expect([written, isClosed]).toEqual([LINES, true])
  })

  test('gives the result of a query', async () => {
    expect(await text(conn.copyTo({ query: 'select id from copied order by 1 -- all;' }))).toBe(
      '1\n2\n',
    )
    expect(await text(conn.copyTo({ query: 'select 1;\n' }))).toBe('1\n')
  })

  test('refuses what is no query, and the connection stays in step', async () => {
    for (const query of ['create table t ()', '', 'select 1) to stdout; select (2']) {
      await expect(text(conn.copyTo({ query }))).rejects.toMatchObject({ code: '42601' })
    }
    expect(() => conn.copyTo('select 1')).toThrow(/\{ query \}/)
    expect(() => conn.copyTo({} as never)).toThrow(TypeError)
    expect(() => conn.copyTo({ query: 'select 1' }, undefined, { columns: ['a'] })).toThrow(
      /queries/,
    )
    expect(await count()).toBe(2)
  })

  test('refuses what is no sink, before anything is sent', async () => {
    await expect(conn.copyTo('copied', 5 as never)).rejects.toThrow(TypeError)
    await expect(conn.copyTo('copied', join(folder, 'no/such'))).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(await count()).toBe(2)
  })

  test('refuses a stream that has ended', async () => {
    const sink = new Writable({ write: (_piece, _encoding, done) => done() })
    await new Promise<void>((resolve) => sink.end(resolve))
    await expect(conn.copyTo('copied', sink)).rejects.toThrow(/has ended/)
  })

  test('stops the server when the sink fails, and rejects with what it failed with', async () => {
    const failure = new Error('full')
    const query = { query: 'select repeat($$x$$, 1000) from generate_series(1, 100000)' }
    const sinks = [
      () => {
        throw failure
      },
      new Writable({ write: (_piece, _encoding, done) => done(failure) }),
      new WritableStream<Uint8Array>({
        write: () => {
          throw failure
        },
      }),
    ]
    for (const sink of sinks) {
      const failed = conn.copyTo(query, sink)
      const next = count()
      expect(await failed.catch((error: unknown) => error)).toBe(failure)
      expect(await next).toBe(2)
    }
  })

  test('a sink that is closed early stops it', async () => {
    const sink = new Writable({ write: (_piece, _encoding, done) => done() })
    const failed = conn.copyTo({ query: 'select pg_sleep(0.01) from generate_series(1, 20)' }, sink)
    setTimeout(() => sink.destroy(), 20)
    await expect(failed).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
    expect(await count()).toBe(2)
  })

  test('whoever leaves the loop early leaves the connection usable', async () => {
    for await (const piece of conn.copyTo({ query: 'select generate_series(1, 100000)' })) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect(await count()).toBe(2)
  })

  test('an error in the middle comes behind the data before it', async () => {
    let got = ''
    const reading = (async () => {
      for await (const piece of conn.copyTo({
        query: 'select 1 / (3 - i) from generate_series(1, 5) i',
      })) {
        got += piece.toString()
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: '22012' })
    expect(got).toBe('0\n1\n')
    expect(await count()).toBe(2)
  })

  test('an error of the server destroys the sink', async () => {
    const sink = new Writable({ write: (_piece, _encoding, done) => done() })
    await expect(conn.copyTo('nothing', sink)).rejects.toMatchObject({ code: '42P01' })
    expect(sink.destroyed).toBe(true)
  })

  test('a slow sink holds the server back', async () => {
    const query = { query: 'select repeat($$x$$, 1000) from generate_series(1, 50000)' }
    const pieces = conn.copyTo(query)
    await pieces.next()
    const before = process.memoryUsage().rss
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(process.memoryUsage().rss - before).toBeLessThan(20 * 1024 * 1024)
    let bytes = 0
    for await (const piece of pieces) bytes += piece.length
    expect(bytes).toBeGreaterThan(49_000_000)
  })
})

describe('by a pool', () => {
  test('each call has a connection of its own', async () => {
    await pool.execute('create table pooled (id int)')
    try {
      await pool.copyFrom('pooled', ['1\n'])
      await pool.copyRecordsTo('pooled', [[2]])
      expect(await text(pool.copyTo('pooled'))).toBe('1\n2\n')
      const read = []
      for await (const row of pool.copyRecordsFrom('select * from pooled')) read.push(row)
      expect(read).toEqual([{ id: 1 }, { id: 2 }])
      expect(pool.idleSize).toBe(pool.size)
    } finally {
      await pool.execute('drop table pooled')
    }
  })

  test('a COPY left early gives its connection back', async () => {
    for await (const _ of pool.copyTo({ query: 'select generate_series(1, 100000)' })) break
    await expect.poll(() => pool.idleSize).toBe(pool.size)
  })
})

describe('in turn', () => {
  test('exclusive operations and queries on one connection wait for each other', async () => {
    const results = await Promise.all([
      conn.copyFrom('copied', [LINES]),
      conn.fetchval('select count(*)::int from copied'),
      conn.copyRecordsTo('copied', [[3, null, null]]),
      text(conn.copyTo({ query: 'select id from copied order by 1' })),
      conn.copyFrom('copied', ['x']).catch((error: { code: string }) => error.code),
      conn.fetchval('select count(*)::int from copied'),
    ])
    expect(results.map((result) => (result as { tag?: string })?.tag ?? result)).toEqual([
      'COPY 2',
      2,
      'COPY 1',
      '1\n2\n3\n',
      '22P02',
      3,
    ])
  })

  test('after close everything is refused', async () => {
    const closed = await connect((await testServer()).dsn())
    await closed.close()
    const refusal = { code: 'ERR_SLUICE_CONNECTION_CLOSED' }
    await expect(closed.copyFrom('t', ['1'])).rejects.toMatchObject(refusal)
    await expect(closed.copyRecordsTo('t', [[1]])).rejects.toMatchObject(refusal)
    await expect(text(closed.copyTo('t'))).rejects.toMatchObject(refusal)
    await expect(closed.copyTo('t', () => {})).rejects.toMatchObject(refusal)
    await expect(closed.copyRecordsFrom('table t').next()).rejects.toMatchObject(refusal)
  })
})
