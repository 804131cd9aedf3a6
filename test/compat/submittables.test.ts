import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe } from 'vitest'
import { Cursor, copyFrom, copyTo, PublishedPool, QueryStream } from './companions.js'
import { outcome, plain } from './outcome.js'
import { called, compareScenarios, withClient, withPool } from './scenarios.js'

const NUMBERS = 'select n, n::text as t from generate_series(1, $1) as n'

interface SubmittableConnection {
  parse(message: object): void
  bind(message: object): void
  describe(message: object): void
  execute(message: object): void
  sync(): void
  query(text: string): void
}

describe('pg-cursor', () => {
  compareScenarios({
    'reads in pieces': withClient(async (client) => {
      const cursor = client.query(new Cursor(NUMBERS, [5]))
      return [
        await cursor.read(2),
        await cursor.read(2),
        await cursor.read(2),
        await cursor.read(2),
        await cursor.close(),
        (await client.query('select 1 as alive')).rows,
      ]
    }),
    'is closed before its end': withClient(async (client) => {
      const cursor = client.query(new Cursor(NUMBERS, [5]))
      const rows = await cursor.read(1)
      await cursor.close()
      return [rows, await cursor.read(1), (await client.query('select 1 as alive')).rows]
    }),
    'tells of errors': withClient(async (client) => [
      await outcome(client.query(new Cursor('selec')).read(1)),
      await outcome(
        client.query(new Cursor('select 1/(3-n) from generate_series(1, 5) n')).read(9),
      ),
      (await client.query('select 1 as alive')).rows,
    ]),
    'waits for queries before it, and those behind wait for it': withClient(async (client) => {
      const before = client.query('select 1 as a')
      const cursor = client.query(new Cursor(NUMBERS, [3]))
      const behind = client.query('select 2 as a')
      const rows = await cursor.read(10)
      await cursor.close()
      return [(await before).rows, rows, (await behind).rows]
    }),
    'gives arrays, and values by its types': withClient(async (client) => {
      const types = { getTypeParser: () => (text: string) => `<${text}>` }
      const options = { rowMode: 'array', types } as never
      const cursor = client.query(new Cursor(NUMBERS, [2], options))
      const rows = await cursor.read(10)
      await cursor.close()
      return rows
    }),
    'with a callback': withClient(async (client) => {
      const cursor = client.query(new Cursor(NUMBERS, [3]))
      const read = await called((callback) =>
        cursor.read(2, (error: unknown, rows: unknown) => callback(error, rows)),
      )
      await called((callback) => cursor.close(callback))
      return read
    }),
  })
})

describe('pg-query-stream', () => {
  compareScenarios({
    'streams rows': withClient(async (client) => {
      const rows: unknown[] = []
      const stream = client.query(new QueryStream(NUMBERS, [1000], { batchSize: 30 }))
      for await (const row of stream) rows.push(row)
      return [rows.length, rows[0], rows.at(-1), (await client.query('select 1 as alive')).rows]
    }),
    'is left in the middle': withClient(async (client) => {
      const stream = client.query(new QueryStream(NUMBERS, [1000], { batchSize: 10 }))
      for await (const row of stream) {
        if ((row as { n: number }).n === 25) break
      }
      return (await client.query('select 1 as alive')).rows
    }),
    'tells of errors': withClient(async (client) => {
      const stream = client.query(new QueryStream('select 1/(50-n) from generate_series(1, 99) n'))
      const read = async (): Promise<number> => {
        let count = 0
        for await (const _ of stream) count++
        return count
      }
      return [await outcome(read()), (await client.query('select 1 as alive')).rows]
    }),
  })
})

describe('pg-copy-streams', () => {
  compareScenarios({
    'copies in and out': withClient(async (client) => {
      await client.query('create temp table target (a int, b text)')
      const line = (i: number): string => `${i}\tline ${i}\n`
      const lines = Array.from({ length: 20_000 }, (_, i) => line(i))
      await pipeline(lines, client.query(copyFrom('copy target from stdin')))
      const sum = await client.query('select count(*), sum(a) from target')
      const chunks: Buffer[] = []
      for await (const chunk of client.query(copyTo('copy target to stdout'))) {
        chunks.push(chunk as Buffer)
      }
      const text = Buffer.concat(chunks).toString()
      return [sum.rows, text === lines.join(''), (await client.query('select 1 as alive')).rows]
    }),
    'tells of errors on the way in': withClient(async (client) => {
      await client.query('create temp table target (a int)')
      const stream = client.query(copyFrom('copy target from stdin'))
      return [
        await outcome(pipeline(['1\n', 'x\n'], stream)),
        (await client.query('select count(*) from target')).rows,
      ]
    }),
    'tells of errors on the way out': withClient(async (client) => [
      await outcome(client.query(copyTo('copy absent to stdout')).toArray()),
      (await client.query('select 1 as alive')).rows,
    ]),
    'is broken off on the way in': withClient(async (client) => {
      await client.query('create temp table target (a int)')
      const stream = client.query(copyFrom('copy target from stdin'))
      async function* failing(): AsyncGenerator<string> {
        yield '1\n'
        throw new RangeError('no more')
      }
      return [
        await outcome(pipeline(failing, stream)),
        (await client.query('select count(*) from target')).rows,
      ]
    }),
  })
})

describe('the stream of a connection', () => {
  const bytesOf = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('latin1')

  compareScenarios({
    'is listened to by others as well': withClient(async (client) => {
      const chunks: Buffer[] = []
      const listen = (chunk: Buffer): void => void chunks.push(chunk)
      const { stream } = streamOf(client)
      stream.on('data', listen)
      const heard = (await client.query(NUMBERS, [1000])).rows
      stream.removeListener('data', listen)
      const unheard = (await client.query(NUMBERS, [2])).rows
      return [heard.length, bytesOf(chunks), unheard]
    }),
    'is read by others, who hand on what they like': withClient(async (client) => {
      const { stream } = streamOf(client)
      const listeners = stream.listeners('data') as ((chunk: Buffer) => void)[]
      stream.removeAllListeners('data')
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        for (const listener of listeners) listener(chunk)
      })
      const { rows } = await client.query(NUMBERS, [3])
      return [listeners.length, rows, bytesOf(chunks)]
    }),
    'is read piece by piece while it is not listened to': withClient(async (client) => {
      const { stream } = streamOf(client)
      const [listener] = stream.listeners('data') as ((chunk: Buffer) => void)[]
      if (listener === undefined) throw new Error('nobody listens')
      stream.removeListener('data', listener)
      stream.pause()
      const result = client.query("select repeat('a', 500000) as a")
      const take = (): void => {
        for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) listener(chunk)
      }
      stream.on('readable', take)
      const { length } = (await result).rows[0].a
      stream.removeListener('readable', take)
      stream.on('data', listener)
      stream.resume()
      return [length, (await client.query('select 1 as alive')).rows]
    }),
  })
})

function streamOf(client: unknown): { readonly stream: Readable } {
  return (client as { connection: { stream: Readable } }).connection
}

describe('Submittables of users', () => {
  compareScenarios({
    'get every message': withClient(async (client) => {
      const heard: unknown[] = []
      await new Promise<void>((resolve) => {
        client.query({
          submit(connection: SubmittableConnection) {
            connection.parse({ text: 'select $1::int as a, null as b' })
            connection.bind({ values: ['7'] })
            connection.describe({ type: 'P', name: '' })
            connection.execute({ portal: '', rows: 0 })
            connection.sync()
          },
          handleRowDescription: ({ fields }: { fields: object[] }) => heard.push(plain(fields)),
          handleDataRow: ({ fields }: { fields: unknown[] }) => heard.push(fields),
          handleCommandComplete: ({ text }: { text: string }) => heard.push(text),
          handleReadyForQuery: () => resolve(),
          handleError: (error: Error) => heard.push(plain(error)),
        } as never)
      })
      return [heard, (await client.query('select 1 as alive')).rows]
    }),
    'get their errors': withClient(async (client) => {
      const error = await new Promise((resolve) => {
        client.query({
          submit: (connection: SubmittableConnection) => connection.query('select 1/0'),
          handleRowDescription: () => {},
          handleError: (reason: Error) => resolve(plain(reason)),
        } as never)
      })
      return [error, (await client.query('select 1 as alive')).rows]
    }),
    'may refuse by what submit gives': withClient(async (client) => {
      const error = await new Promise((resolve) => {
        client.query({
          submit: () => new RangeError('not today'),
          handleError: (reason: Error) => resolve(plain(reason)),
        } as never)
      })
      return [error, (await client.query('select 1 as alive')).rows]
    }),
    'have a callback for query_timeout': withClient(
      (client) =>
        called((callback) =>
          client.query(
            {
              submit: (connection: SubmittableConnection) => connection.query('select pg_sleep(9)'),
              handleError: () => {},
            } as never,
            callback as never,
          ),
        ),
      { query_timeout: 30 },
    ),
    'go through a pool': withPool(async (pool) => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor(NUMBERS, [3]))
      const rows = await cursor.read(10)
      await cursor.close()
      client.release()
      return [rows, (await pool.query('select 1 as alive')).rows]
    }),
  })
})

describe('the published pg-pool', () => {
  compareScenarios({
    'lends clients of the module': async (pg, dsn) => {
      const pool = new PublishedPool({ connectionString: dsn, max: 2 }, pg.Client as never)
      const rows = await Promise.all([1, 2, 3].map((n) => pool.query('select $1::int as n', [n])))
      const client = await pool.connect()
      client.release()
      const counts = [pool.totalCount, pool.idleCount, pool.waitingCount]
      const failed = await outcome(pool.query('selec'))
      await pool.end()
      return [rows.map((result) => result.rows), counts, failed]
    },
  })
})
