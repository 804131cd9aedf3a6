import { setImmediate as turn } from 'node:timers/promises'
import { describe } from 'vitest'
import { plain } from './outcome.js'
import { compareScenarios } from './scenarios.js'
import { TunnelStream } from './streams.js'

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
