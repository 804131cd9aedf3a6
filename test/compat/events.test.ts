import { describe } from 'vitest'
import { plain } from './outcome.js'
import { compareScenarios, told, withClient, withPool } from './scenarios.js'

/** Writes down when an emitter tells of something. */
function record(
  log: unknown[],
  emitter: { on(event: string, listener: (...args: never[]) => void): unknown },
  events: readonly string[],
  note: (...args: never[]) => unknown = () => undefined,
): void {
  for (const event of events) {
    emitter.on(event, (...args: never[]) => {
      const noted = note(...args)
      log.push(noted === undefined ? event : [event, noted])
    })
  }
}

const CLIENT_EVENTS = ['connect', 'end', 'error', 'drain', 'notice', 'notification']
const POOL_EVENTS = ['connect', 'acquire', 'release', 'remove', 'error']

/** Lets everything happen that is due. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100))

describe('the events of a client', () => {
  compareScenarios({
    'over a life with promises': async (pg, dsn) => {
      const log: unknown[] = []
      const client = new pg.Client(dsn)
      record(log, client as never, CLIENT_EVENTS)
      await client.connect().then(() => log.push('connected'))
      await client.query('select 1').then(() => log.push('queried'))
      await settle()
      await client.end().then(() => log.push('ended'))
      await settle()
      return log
    },
    'over a life with callbacks': async (pg, dsn) => {
      const log: unknown[] = []
      const client = new pg.Client(dsn)
      record(log, client as never, CLIENT_EVENTS)
      await new Promise<void>((resolve) => {
        client.connect((error: unknown) => {
          log.push(['connected', error])
          client.query('select 1', (failure) => {
            log.push(['queried', failure])
            client.query('select 1/0', () => {
              log.push('failed')
              setTimeout(() => client.end(() => resolve()), 50)
            })
          })
        })
      })
      log.push('ended')
      await settle()
      return log
    },
    'notices and notifications come before the callback of their query': withClient(
      async (client) => {
        const log: unknown[] = []
        record(log, client as never, ['notice', 'notification'])
        const run = (text: string): Promise<void> =>
          new Promise((resolve) => {
            client.query(text, (error) => {
              log.push([text, error])
              resolve()
            })
          })
        await run("do $$ begin raise notice 'one'; raise notice 'two'; end $$")
        await run('listen compat')
        await run('notify compat')
        return log
      },
    ),
    'connect() and end() with nothing between': async (pg, dsn) => {
      const log: unknown[] = []
      const client = new pg.Client(dsn)
      record(log, client as never, ['end', 'error'])
      const connecting = client.connect().then(
        () => 'connected',
        (error: Error) => error.message,
      )
      await client.end()
      await settle()
      void connecting
      return log
    },
    'end() before connect()': async (pg, dsn) => {
      const client = new pg.Client(dsn)
      await client.end()
      const log: unknown[] = ['ended']
      client.end((() => log.push('again')) as never)
      return log
    },
    'end() with a callback': async (pg, dsn) => {
      const log: unknown[] = []
      const client = new pg.Client(dsn)
      record(log, client as never, ['end'])
      await client.connect()
      const again = told(client as never, 'end')
      client.end(() => log.push('ended'))
      client.end(() => log.push('ended twice'))
      await again
      return log
    },
    "end() upon 'drain'": async (pg, dsn) => {
      const log: unknown[] = []
      const client = new pg.Client(dsn)
      record(log, client as never, ['drain', 'end', 'error'])
      client.once('drain', () => void client.end())
      const ended = told(client as never, 'end')
      await client.connect()
      const results = [client.query('select 1'), client.query('select 2')]
      await Promise.all(results)
      await ended
      return log
    },
    'an error in a callback is thrown and the client goes on': withClient(async (client) => {
      const uncaught = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      const thrown = new Promise<Error>((resolve) => process.once('uncaughtException', resolve))
      client.query('select 1', () => {
        throw new RangeError('in a callback')
      })
      const error = await thrown
      for (const listener of uncaught) process.on('uncaughtException', listener)
      return [error.message, (await client.query('select 1 as alive')).rows]
    }),
    'a failed connection is told to who connects alone': async (pg) => {
      const log: unknown[] = []
      const client = new pg.Client({ host: '/absent', user: 'u' })
      record(log, client as never, CLIENT_EVENTS)
      await client.connect().catch(() => log.push('rejected'))
      await settle()
      return log
    },
    'a message of the server has an event of the connection': withClient(async (client) => {
      const log: unknown[] = []
      record(log, client.connection as never, [
        'parseComplete',
        'bindComplete',
        'noData',
        'rowDescription',
        'dataRow',
        'commandComplete',
        'emptyQuery',
        'readyForQuery',
        'errorMessage',
        'portalSuspended',
      ])
      await client.query('select $1::int as a', [1])
      await client.query('select 1; select 2')
      await client.query('')
      await client.query('select 1/0').catch(() => {})
      await client.query({ text: 'select generate_series(1, 3)', rows: 2 } as never)
      await client.query({ text: 'begin', queryMode: 'extended' } as never)
      return log
    }),
    'what the messages look like': withClient(async (client) => {
      const log: unknown[] = []
      const note = (message: object): unknown => plain(message)
      record(
        log,
        client.connection as never,
        ['rowDescription', 'dataRow', 'commandComplete', 'readyForQuery'],
        note as never,
      )
      await client.query("select 1 as a, null as b, 'ü' as c")
      return JSON.parse(JSON.stringify(log))
    }),
    'settings of the server are told during connect()': async (pg, dsn) => {
      const client = new pg.Client(dsn)
      const settings: string[] = []
      client.connection.on('parameterStatus', ({ parameterName }) => settings.push(parameterName))
      await client.connect()
      await client.end()
      return settings.sort()
    },
  })
})

describe('the events of a pool, and its counts at each', () => {
  const observed = (
    use: (pool: InstanceType<typeof import('pg')['Pool']>, log: unknown[]) => unknown,
    config: object = {},
  ) =>
    withPool(async (pool) => {
      const log: unknown[] = []
      const counts = (): unknown => [pool.totalCount, pool.idleCount, pool.waitingCount]
      record(log, pool as never, POOL_EVENTS, counts)
      await use(pool, log)
      await pool.end()
      await settle()
      log.push(counts(), pool.ending, pool.ended)
      return log
    }, config)
  const note = (pool: InstanceType<typeof import('pg')['Pool']>, log: unknown[], what: string) =>
    log.push([what, pool.totalCount, pool.idleCount, pool.waitingCount])

  compareScenarios({
    'one client after the other': observed(async (pool, log) => {
      const client = await pool.connect()
      note(pool, log, 'lent')
      client.release()
      note(pool, log, 'given back')
      const again = await pool.connect()
      log.push(again === client)
      again.release()
    }),
    'more callers than clients': observed(
      async (pool, log) => {
        const calls = [pool.connect(), pool.connect(), pool.connect()]
        note(pool, log, 'asked')
        const first = await (calls[0] as Promise<{ release(): void }>)
        const second = await (calls[1] as Promise<{ release(): void }>)
        note(pool, log, 'two are lent')
        first.release()
        note(pool, log, 'one is given back')
        const third = await (calls[2] as Promise<{ release(): void }>)
        third.release()
        second.release()
        note(pool, log, 'all are given back')
      },
      { max: 2 },
    ),
    'a query': observed(async (pool, log) => {
      await pool.query('select 1')
      note(pool, log, 'queried')
      await pool.query('select 1')
    }),
    'queries with callbacks': observed(async (pool, log) => {
      await new Promise<void>((resolve) => {
        pool.query('select 1', () => {
          note(pool, log, 'queried')
          resolve()
        })
      })
    }),
    'a client that is closed on its return': observed(async (pool, log) => {
      const client = await pool.connect()
      const removed = told(pool as never, 'remove')
      client.release(new Error('broken'))
      note(pool, log, 'given back')
      // Which comes first, the end of the one or the beginning of the other, is the server's affair.
      await removed
      const another = await pool.connect()
      log.push(another === client)
      another.release(true)
      note(pool, log, 'given back')
    }),
    'the idle client that was used last comes first': observed(async (pool, log) => {
      const [first, second] = await Promise.all([pool.connect(), pool.connect()])
      first?.release()
      second?.release()
      const next = await pool.connect()
      log.push(next === second)
      next.release()
    }),
    'a client that is used up': observed(
      async (pool, log) => {
        const client = await pool.connect()
        client.release()
        const again = await pool.connect()
        again.release()
        note(pool, log, 'given back')
      },
      { maxUses: 2 },
    ),
    'an idle client that times out': observed(
      async (pool, log) => {
        const client = await pool.connect()
        const removed = told(pool as never, 'remove')
        client.release()
        note(pool, log, 'given back')
        await removed
      },
      { idleTimeoutMillis: 20 },
    ),
    'the idle clients that are kept': observed(
      async (pool, log) => {
        const [first, second] = await Promise.all([pool.connect(), pool.connect()])
        const removed = told(pool as never, 'remove')
        first?.release()
        second?.release()
        await removed
        note(pool, log, 'one went')
      },
      { idleTimeoutMillis: 20, min: 1 },
    ),
    'an end while a client is lent': observed(async (pool, log) => {
      const client = await pool.connect()
      setTimeout(() => {
        note(pool, log, 'ending')
        client.release()
      }, 30)
    }),
    'the third argument of a callback gives back': observed(async (pool, log) => {
      await new Promise<void>((resolve) => {
        pool.connect((error, client, release) => {
          log.push([error, client?.release === release])
          release()
          note(pool, log, 'given back')
          resolve()
        })
      })
    }),
    'its options are filled in': withPool(
      (pool) => {
        const { connectionString: _, ...options } = pool.options as object as Record<
          string,
          unknown
        >
        return [
          plain(options),
          (options as { password?: string }).password,
          Object.keys(options).includes('password'),
          JSON.stringify(pool.options).includes('secret'),
          (pool.options as { password?: string }).password,
        ]
      },
      { password: 'secret', poolSize: 3, user: 'u' },
    ),
  })
})
