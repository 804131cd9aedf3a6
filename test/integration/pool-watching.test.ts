import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Meter, Tracer } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { prometheusMetrics } from '../../src/index.js'
import { instrument } from '../../src/otel/index.js'
import { usePools } from '../support/pools.js'

const { makePool } = usePools()

/** Keeps what is recorded; the shape of a Meter as far as it is used. */
function recordingMeter() {
  const recorded: { name: string; value: number; attributes: object }[] = []
  const callbacks = new Set<(result: object) => void>()
  const instrumentNamed = (name: string) => ({
    name,
    record: (value: number, attributes: object = {}) => recorded.push({ name, value, attributes }),
  })
  const meter = {
    createHistogram: instrumentNamed,
    createObservableUpDownCounter: instrumentNamed,
    createObservableCounter: instrumentNamed,
    addBatchObservableCallback: (callback: (result: object) => void) => callbacks.add(callback),
    removeBatchObservableCallback: (callback: (result: object) => void) =>
      callbacks.delete(callback),
  }
  const collect = () => {
    for (const callback of callbacks) {
      callback({
        observe: ({ name }: { name: string }, value: number, attributes: object) =>
          recorded.push({ name, value, attributes }),
      })
    }
  }
  return { meter: meter as unknown as Meter, recorded, collect, callbacks }
}

function recordingTracer() {
  const spans: {
    name: string
    attributes: Record<string, unknown>
    status?: object
    ended: boolean
  }[] = []
  const tracer = {
    startSpan(name: string, options: { attributes: Record<string, unknown> }) {
      const span = {
        name,
        attributes: { ...options.attributes },
        ended: false,
      } as (typeof spans)[0]
      spans.push(span)
      return {
        setAttributes: (more: object) => Object.assign(span.attributes, more),
        setAttribute: (key: string, value: unknown) =>
          Object.assign(span.attributes, { [key]: value }),
        setStatus: (status: object) => Object.assign(span, { status }),
        end: () => Object.assign(span, { ended: true }),
      }
    },
  }
  return { tracer: tracer as unknown as Tracer, spans }
}

describe('sluice/otel', () => {
  test('reports the state of pools by the names of the semantic conventions', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 2, name: 'orders' })
    const { meter, recorded, collect, callbacks } = recordingMeter()
    const instrumentation = instrument({ meter, pools: [pool] })
    await using _conn = await pool.acquire()
    await using _other = await pool.acquire()
    await expect(pool.acquire({ timeout: 20 })).rejects.toThrow()
    collect()
    const name = { 'db.client.connection.pool.name': 'orders' }
    const used = { ...name, 'db.client.connection.state': 'used' }
    expect(recorded).toContainEqual({
      name: 'db.client.connection.count',
      value: 2,
      attributes: used,
    })
    expect(recorded).toContainEqual({
      name: 'db.client.connection.max',
      value: 2,
      attributes: name,
    })
    expect(recorded).toContainEqual({
      name: 'db.client.connection.timeouts',
      value: 1,
      attributes: name,
    })
    const times = recorded.filter((each) => each.name === 'db.client.connection.wait_time')
    expect(times.length).toBe(2)
    instrumentation.disable()
    expect(callbacks.size).toBe(0)
  })

  test('tells how long connections were in use, lent or for single queries', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1, name: 'used' })
    const { meter, recorded } = recordingMeter()
    const useTimes = () => recorded.filter(({ name }) => name === 'db.client.connection.use_time')
    const instrumentation = instrument({ meter, pools: [pool] })
    await pool.use((conn) => conn.fetchval('select pg_sleep(0.02)'))
    await pool.fetchval('select 1')
    expect(useTimes()).toMatchObject([
      { attributes: { 'db.client.connection.pool.name': 'used' } },
      { attributes: { 'db.client.connection.pool.name': 'used' } },
    ])
    expect(useTimes()[0]?.value).toBeGreaterThanOrEqual(0.019)
    instrumentation.disable()
    await pool.fetchval('select 1')
    expect(useTimes()).toHaveLength(2)
  })

  test('makes a span of each query, with the class of its error', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const { tracer, spans } = recordingTracer()
    const { meter, recorded } = recordingMeter()
    {
      using _instrumentation = instrument({ tracer, meter })
      await pool.fetch('select 1 as a')
      await expect(pool.fetch('select 1/0')).rejects.toThrow()
    }
    await pool.fetch('select 2')
    expect(spans).toMatchObject([
      {
        name: 'SELECT',
        ended: true,
        attributes: {
          'db.system.name': 'postgresql',
          'db.query.text': 'select 1 as a',
          'db.response.returned_rows': 1,
        },
      },
      {
        ended: true,
        status: { code: 2 },
        attributes: { 'error.type': '22012', 'db.response.status_code': '22012' },
      },
    ])
    expect(spans.length).toBe(2)
    const durations = recorded.filter(({ name }) => name === 'db.client.operation.duration')
    expect(durations.length).toBe(2)
  })

  test('ends the span of a query that was aborted without a reason', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const { tracer, spans } = recordingTracer()
    using _instrumentation = instrument({ tracer })
    const abortion = new AbortController()
    const result = pool.fetch('select pg_sleep(30)', [], { signal: abortion.signal })
    abortion.abort(null)
    await expect(result).rejects.toBe(null)
    expect(spans).toMatchObject([{ ended: true, attributes: { 'error.type': 'Error' } }])
  })

  test('leaves the text of queries out when asked', async () => {
    const pool = await makePool({ minSize: 1, maxSize: 1 })
    const { tracer, spans } = recordingTracer()
    using _instrumentation = instrument({ tracer, queryText: false })
    await pool.fetch("select 'secret'")
    expect(JSON.stringify(spans)).not.toContain('secret')
  })
})

test('the channel sluice:pool:acquire tells of each acquire, how long it took and why it failed', async () => {
  const pool = await makePool({ minSize: 1, maxSize: 1, name: 'traced' })
  const traces: unknown[] = []
  const onEnd = (trace: unknown) => traces.push(trace)
  subscribe('tracing:sluice:pool:acquire:asyncEnd', onEnd)
  try {
    await using _conn = await pool.acquire()
    await expect(pool.acquire({ timeout: 10 })).rejects.toThrow()
  } finally {
    unsubscribe('tracing:sluice:pool:acquire:asyncEnd', onEnd)
  }
  expect(traces).toMatchObject([
    { pool: 'traced', duration: expect.any(Number) },
    { pool: 'traced', error: { code: 'ERR_SLUICE_POOL_TIMEOUT' } },
  ])
})

test('prometheusMetrics writes every figure of every pool in the text format', async () => {
  const one = await makePool({ minSize: 1, maxSize: 3, name: 'o"ne' })
  const two = await makePool({ minSize: 1, maxSize: 4, name: 'two' })
  await one.fetchval('select 1')
  const text = prometheusMetrics(one, two)
  expect(text).toContain('# TYPE sluice_pool_connections gauge\n')
  expect(text).toContain('sluice_pool_connections{pool="o\\"ne",state="idle"} 1\n')
  expect(text).toContain('sluice_pool_max_size{pool="two"} 4\n')
  expect(text).toContain('sluice_pool_acquired_total{pool="o\\"ne"} 1\n')
  expect(text).toContain('sluice_pool_wait_seconds_bucket{pool="o\\"ne",le="+Inf"} 1\n')
  expect(text).toContain('sluice_pool_destroyed_total{pool="two",reason="broken"} 0\n')
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) sluice_pool_\w+ .+|sluice_pool_\w+\{.+\} [\d.e+-]+)$/)
  }
})
