import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connect } from '../../src/index.js'
import { CUTS_TIMEOUT_MS, cutStep } from '../support/cut-step.js'
import { type Cut, type Direction, FaultProxy } from '../support/fault-proxy.js'
import { type TestServer, testServer } from '../support/server.js'

/** What a caller does; gives what all its promises became. */
type Program = (conn: Connection) => Promise<unknown>[]

const PROGRAMS: Readonly<Record<string, Program>> = {
  fetch: (conn) => [
    conn.fetch('select n, $1::text as t from generate_series(1, 3) n', ['a']),
    conn.fetchval('select 7'),
  ],
  prepare: (conn) => {
    const statement = conn.prepare('select $1::int + 1')
    return [
      statement.then((each) => each.fetchval([1])),
      statement.then((each) => each.fetchval([2])).finally(() => statement.then((s) => s.close())),
    ]
  },
  pipeline: (conn) => [
    conn.fetchval('select $1::int', [1]),
    conn.fetchval('selct'),
    conn.execute('select 1; select 2'),
    conn.fetchval('select $1::int', [2]),
  ],
  types: (conn) => [
    conn.setTypeCodec('interval', { encode: String, decode: (text) => text.toUpperCase() }),
    conn.fetchval("select interval '1 day'"),
    conn.resetTypeCodec('interval'),
  ],
  reset: (conn) => [conn.execute("set timezone = 'UTC'"), conn.reset(), conn.fetchval('select 3')],
  columns: (conn) => [conn.fetchColumns('select n, n::text as t from generate_series(1, 3) n')],
  cancel: (conn) => [
    conn.fetchval('select pg_sleep(60)', [], { timeout: 5 }),
    conn.fetchval('select 3'),
  ],
}

let server: TestServer
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)

beforeAll(async () => {
  server = await testServer()
  process.on('unhandledRejection', onUnhandled)
})

afterAll(() => {
  process.off('unhandledRejection', onUnhandled)
})

afterEach(async () => {
  await new Promise(setImmediate)
  expect(unhandled.splice(0)).toEqual([])
})

/** Runs a program through a proxy that cuts the first connection behind so many bytes of its conversation. */
async function run(
  program: Program,
  fault: { readonly way: Direction; readonly cut: Cut; readonly after: number } | undefined,
): Promise<{ readonly outcomes: unknown[]; readonly bytes: Record<Direction, number> }> {
  await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port }, (index) =>
    index === 0 && fault !== undefined
      ? { [fault.way]: { cutAfter: fault.after, cut: fault.cut } }
      : {},
  )
  const conn = await connect(server.dsn(), {
    host: '127.0.0.1',
    port: proxy.port,
    ssl: 'disable',
  })
  const { bytes } = proxy.connections[0] ?? { bytes: { toServer: 0, toClient: 0 } }
  const started = { ...bytes }
  const outcomes = await Promise.all(
    program(conn).map((promise) =>
      promise.then(
        (value) => JSON.stringify(value),
        (error: Error) => error,
      ),
    ),
  )
  await conn.close({ timeout: 1_000 })
  return {
    outcomes,
    bytes: {
      toServer: bytes.toServer - started.toServer,
      toClient: bytes.toClient - started.toClient,
    },
  }
}

/** How many bytes the startup takes each way. */
async function startupBytes(): Promise<Record<Direction, number>> {
  await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port })
  await using conn = await connect(server.dsn(), {
    host: '127.0.0.1',
    port: proxy.port,
    ssl: 'disable',
  })
  const { bytes } = proxy.connections[0] ?? { bytes: { toServer: 0, toClient: 0 } }
  expect(conn.isClosed).toBe(false)
  return { ...bytes }
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  describe(`the program "${name}"`, () => {
    for (const [way, cut, stride] of [
      ['toClient', 'close', 2],
      ['toClient', 'reset', 5],
      ['toServer', 'close', 3],
    ] as const) {
      test(
        `cut (${cut}) ${way} all along: all settles once, with no wrong value`,
        async () => {
          const whole = await run(program, undefined)
          const startup = await startupBytes()
          // The Terminate at the end is no part of it.
          const end = whole.bytes[way] - (way === 'toServer' ? 5 : 0)
          let failures = 0
          for (let after = 1; after < end; after += cutStep(stride)) {
            const { outcomes } = await run(program, { way, cut, after: startup[way] + after })
            for (const [i, outcome] of outcomes.entries()) {
              if (outcome instanceof Error && 'phase' in outcome) {
                expect(outcome).toMatchObject({ name: 'ConnectionClosedError' })
                failures += 1
              } else if (outcome instanceof Error) {
                expect(outcome.name).toBe((whole.outcomes[i] as Error).name)
              } else {
                expect(outcome).toBe(whole.outcomes[i])
              }
            }
          }
          expect(failures).toBeGreaterThan(0)
        },
        CUTS_TIMEOUT_MS,
      )
    }
  })
}
