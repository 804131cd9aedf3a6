import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { withParameters } from '../../bench/handshake/dsn-target.js'
import { embeddedTarget } from '../../bench/handshake/embedded-target.js'
import type { HandshakeResult } from '../../bench/handshake/result.js'
import { runHandshake } from '../../bench/handshake/run.js'
import type { HandshakeSettings } from '../../bench/handshake/settings.js'
import type { Target } from '../../bench/handshake/target.js'
import { handshakePage } from '../../bench/report/handshake-page.js'
import { handshakeText } from '../../bench/report/handshake-text.js'

const TINY: HandshakeSettings = {
  rounds: 2,
  budgetMs: 30_000,
  limitMs: 500,
  levels: [
    { concurrency: 1, fresh: 5, pooled: 50 },
    { concurrency: 10, fresh: 10, pooled: 50 },
    { concurrency: 50, fresh: 50, pooled: 100 },
  ],
  probes: 2,
  poolSize: 3,
  api: {
    bursts: 1,
    requests: 60,
    queryMs: 5,
    minSize: 2,
    maxSize: 10,
    smallSize: 1,
    acquireTimeout: 60,
  },
}

const never = new AbortController().signal

/** The benchmark is made for the newest servers; what it leaves out on others its own report says. */
const isOldServer = Number(process.env['SLUICE_TEST_VERSION'] || 18) < 17

beforeEach(({ skip }) => {
  skip(isOldServer, 'direct TLS, one of the four transports, needs PostgreSQL 17')
})

let target: Target
let result: HandshakeResult

beforeAll(async () => {
  if (isOldServer) return
  target = await embeddedTarget(never)
  result = await runHandshake({
    target,
    settings: TINY,
    command: 'npm run bench',
    signal: never,
    onProgress: () => {},
  })
}, 120_000)

afterAll(() => target?.close())

const LATENCY = {
  p50: expect.any(Number),
  p95: expect.any(Number),
  p99: expect.any(Number),
  perSecond: expect.any(Number),
}

test('the four transports are measured, in the documented shape', () => {
  const comparison = { fresh: LATENCY, pooled: LATENCY, saved: expect.any(Number) }
  const transport = {
    ...comparison,
    phases: {
      tcp: expect.any(Number),
      tls: expect.any(Number),
      auth: expect.any(Number),
      firstQuery: expect.any(Number),
    },
    concurrency: { '10': comparison, '50': comparison },
  }
  expect(result).toMatchObject({
    server: expect.stringMatching(/^PostgreSQL \d+/),
    node: process.version,
    transports: {
      'unix-trust': transport,
      'tcp-scram': transport,
      'tcp-tls-scram': transport,
      'tcp-tls-direct-scram': transport,
    },
    api: { fresh: LATENCY, pooled: LATENCY, small: LATENCY, saved: expect.any(Number) },
    leftOut: [],
    notes: [],
  })
  expect(Object.keys(result.transports)).toHaveLength(4)
})

test('pooled p50 is at least 5 times lower than fresh p50 over TCP with TLS and SCRAM', () => {
  const { fresh, pooled, saved } = result.transports['tcp-tls-scram'] ?? {}
  expect(fresh?.p50).toBeGreaterThan(5 * (pooled?.p50 ?? Number.POSITIVE_INFINITY))
  expect(saved).toBeGreaterThan(0.8)
})

test('every transport is what its name says', () => {
  const tls = Object.entries(result.transports).map(([name, one]) => [name, one.tls !== null])
  expect(Object.fromEntries(tls)).toEqual({
    'unix-trust': false,
    'tcp-scram': false,
    'tcp-tls-scram': true,
    'tcp-tls-direct-scram': true,
  })
})

test('phases that do not apply are 0, the others are not', () => {
  const applies = Object.entries(result.transports).map(([name, { phases }]) => [
    name,
    Object.values(phases).map((ms) => ms > 0),
  ])
  expect(Object.fromEntries(applies)).toEqual({
    'unix-trust': [false, false, true, true],
    'tcp-scram': [true, false, true, true],
    'tcp-tls-scram': [true, true, true, true],
    'tcp-tls-direct-scram': [true, true, true, true],
  })
})

test('a pool that is too small refuses what it cannot serve in time', () => {
  const { served, timedOut } = result.api.small
  expect(served + timedOut).toBe(TINY.api.requests)
  expect(served).toBeGreaterThan(0)
  expect(timedOut).toBeGreaterThan(0)
})

test('the result is plain JSON and can be reported', () => {
  const copy: HandshakeResult = JSON.parse(JSON.stringify(result))
  expect(copy).toEqual(result)
  expect(handshakePage(copy)).not.toMatch(/NaN|Infinity|undefined/)
  expect(handshakeText(copy)).not.toMatch(/NaN|Infinity|undefined/)
})

test('a run rejects with the reason of its signal', async () => {
  const controller = new AbortController()
  const run = runHandshake({
    target,
    settings: TINY,
    command: 'npm run bench',
    signal: controller.signal,
    onProgress: (_, share) => {
      if (share > 0) controller.abort(new Error('interrupted'))
    },
  })
  await expect(run).rejects.toThrow('interrupted')
})

test('a server with little room gets fewer connections, and the result says so', async () => {
  const crowded = { ...target, transports: target.transports.slice(0, 1), room: 25 }
  const { notes, api, transports } = await runHandshake({
    target: crowded,
    settings: { ...TINY, rounds: 1 },
    command: 'npm run bench',
    signal: never,
    onProgress: () => {},
  })
  expect(Object.keys(transports['unix-trust']?.concurrency ?? {})).toEqual(['10'])
  expect(api.requests).toBe(14)
  expect(notes).toHaveLength(2)
})

test('a server with no room is refused before anything is opened', async () => {
  const full = { ...target, room: 12 }
  const run = runHandshake({
    target: full,
    settings: TINY,
    command: 'npm run bench',
    signal: never,
    onProgress: () => {},
  })
  await expect(run).rejects.toThrow('room for 12 more connections; the benchmark needs 13')
})

describe('withParameters', () => {
  const cases: [string, string][] = [
    ['postgresql://h/db', 'postgresql://h/db?sslmode=disable'],
    ['postgresql://h/db?sslmode=prefer', 'postgresql://h/db?sslmode=disable'],
    ['postgresql://h/db?sslmode=prefer&a=1', 'postgresql://h/db?a=1&sslmode=disable'],
    ['postgres://h/db?a=1&sslmode=prefer', 'postgres://h/db?a=1&sslmode=disable'],
    ['host=h sslmode=prefer', 'host=h sslmode=prefer sslmode=disable'],
  ]
  test.each(cases)('%s becomes %s', (dsn, expected) => {
    expect(withParameters(dsn, { sslmode: 'disable' })).toBe(expected)
  })
})
