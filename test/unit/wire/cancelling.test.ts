import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { allRows } from '../../../src/connection/result.js'
import { CANCEL_GRACE_MS } from '../../../src/wire/cancellation.js'
import { Limits } from '../../../src/wire/limits.js'
import { BatchRequest } from '../../../src/wire/requests/batch.js'
import { ResetRequest } from '../../../src/wire/requests/reset.js'
import { SimpleQueryRequest } from '../../../src/wire/requests/simple-query.js'
import { settled } from '../../support/fake-backend.js'
import { commandComplete, errorResponse, readyForQuery } from '../../support/server-messages.js'
import { executed, forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a signal', () => {
  test('that is aborted already lets nothing be sent', async () => {
    const scene = await Scene.ready()
    const { error } = scene.limited('select f()', AbortSignal.abort('over'))
    expect(await error).toBe('over')
    await scene.backend.expect()
    expect(scene.wire.isIdle).toBe(true)
  })

  test('takes a queued query out of the queue', async () => {
    const scene = await Scene.ready()
    const running = scene.script('copy t to stdout')
    const { abort, error } = scene.limited('insert into t values (1)')
    const next = scene.script('select 1')
    abort()
    expect(await error).toBe('gone')
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('COPY 0'), readyForQuery())
    expect((await scene.backend.expect('Query'))[0]).toMatchObject({ sql: 'select 1' })
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    await Promise.all([running, next])
    expect(scene.cancels.count).toBe(0)
  })

  test('cancels a query that runs; what comes next waits until the server has been told', async () => {
    const scene = await Scene.ready()
    const { abort, error } = scene.limited('select f()')
    await scene.backend.expect('Query')
    abort()
    expect(await error).toBe('gone')
    expect(scene.cancels.count).toBe(1)
    const next = scene.script('select 1')
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await scene.backend.expect()
    expect(scene.wire.isIdle).toBe(false)
    await scene.cancels.answer()
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await next).toMatchObject({ tag: 'SELECT 1' })
  })

  test('the connection is not idle before the server has been told', async () => {
    const scene = await Scene.ready()
    const { abort, error } = scene.limited('select f()')
    await scene.backend.expect('Query')
    abort()
    await error
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    await settled()
    expect(scene.handler.idles).toBe(0)
    await scene.cancels.answer()
    expect(scene.handler.idles).toBe(1)
  })

  test('of a query that is written behind others cancels it when its turn comes', async () => {
    const scene = await Scene.ready()
    const first = scene.script('select 1')
    const { abort, error } = scene.limited('select f()')
    const next = scene.script('select 2')
    await scene.backend.expect('Query', 'Query')
    abort()
    expect(await error).toBe('gone')
    expect(scene.cancels.count).toBe(0)
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await first).toMatchObject({ tag: 'SELECT 1' })
    expect(scene.cancels.count).toBe(1)
    await scene.cancels.answer()
    await scene.backend.expect()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('SELECT 2'), readyForQuery())
    expect(await next).toMatchObject({ tag: 'SELECT 2' })
  })

  test('that comes behind the answer does nothing', async () => {
    const scene = await Scene.ready()
    const { abort, promise } = scene.limited('select f()')
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await promise).toMatchObject({ tag: 'SELECT 1' })
    abort()
    expect(scene.cancels.count).toBe(0)
    expect(scene.listeners).toBe(0)
  })

  test('cancels the Parse that its query waits for, and whoever shares it tries anew', async () => {
    const scene = await Scene.ready()
    const { abort, error } = scene.limitedQuery('select f()')
    const sharing = scene.query('select f()')
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    abort()
    expect(await error).toBe('gone')
    expect(scene.cancels.count).toBe(1)
    await scene.cancels.answer()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(...prepared())
    await scene.backend.expect('Bind', 'Execute', 'Sync')
    scene.backend.send(...executed(1))
    expect(await sharing).toEqual([[1]])
  })

  test('does so for a batch that shares it, too', async () => {
    const scene = await Scene.ready()
    const { abort, error } = scene.limitedQuery('select f()')
    const sharing = new BatchRequest([{ text: 'select f()', parameters: [] }], allRows('array'))
    scene.wire.submit(sharing)
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    abort()
    expect(await error).toBe('gone')
    await scene.cancels.answer()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(...prepared())
    await scene.backend.expect('Bind', 'Execute', 'Sync')
    scene.backend.send(...executed(1))
    expect(await sharing.promise).toEqual([[[1]]])
  })
})

describe('a timeout', () => {
  test('cancels all Parses that a batch waits for, before anything is written behind them', async () => {
    const scene = await Scene.ready()
    const items = ['select f()', 'select g()'].map((text) => ({ text, parameters: [] }))
    const batch = new BatchRequest(items, allRows('array'))
    const controller = new AbortController()
    batch.limitBy(new Limits(0, controller.signal))
    scene.wire.submit(batch)
    await scene.backend.expect('Parse', 'Describe', 'Sync', 'Parse', 'Describe', 'Sync')
    controller.abort('gone')
    await expect(batch.promise).rejects.toBe('gone')
    const next = scene.script('select 1')
    // The server has been told, and goes on for a while.
    await scene.cancels.answer()
    await scene.backend.expect()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await settled()
    expect(scene.cancels.count).toBe(2)
    await scene.cancels.answer()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await next).toMatchObject({ tag: 'SELECT 1' })
  })

  test('of a query that was not sent is safe to retry', async () => {
    const scene = await Scene.ready()
    const running = outcome(scene.script('copy t to stdout'))
    const { error } = scene.limited('select f()', 100)
    vi.advanceTimersByTime(100)
    expect(await error).toMatchObject({
      name: 'QueryTimeoutError',
      timeout: 100,
      safeToRetry: true,
      message: 'the query did not end within 100 ms',
    })
    scene.wire.destroy()
    await running
  })

  test('of a query that was sent is not, and cancels it', async () => {
    const scene = await Scene.ready()
    const { error } = scene.limited('select f()', 100)
    await scene.backend.expect('Query')
    vi.advanceTimersByTime(99)
    expect(scene.cancels.count).toBe(0)
    vi.advanceTimersByTime(1)
    expect(await error).toMatchObject({ name: 'QueryTimeoutError', safeToRetry: false })
    expect(scene.cancels.count).toBe(1)
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    await scene.cancels.answer()
    expect(scene.wire.isIdle).toBe(true)
  })
})

describe('the grace time', () => {
  test('ends the connection of a server that does not answer', async () => {
    const scene = await Scene.ready()
    const { error } = scene.limited('select f()', 100)
    const next = outcome(scene.script('select 1'))
    vi.advanceTimersByTime(100)
    await error
    await scene.cancels.answer('not-sent')
    vi.advanceTimersByTime(CANCEL_GRACE_MS)
    expect(await next).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: true })
    expect(scene.wire.state).toBe('closed')
  })

  test('is all that the housekeeping ahead of a query has that was given up', async () => {
    const scene = await Scene.ready()
    const reset = new ResetRequest('reset all')
    const over = outcome(reset.promise)
    scene.wire.submit(reset)
    const written = scene.limited('select f()')
    const waiting = scene.limited('select 1')
    await scene.backend.expect('Query', 'Query')
    written.abort()
    waiting.abort()
    expect([await written.error, await waiting.error]).toEqual(['gone', 'gone'])
    // It would hit the reset.
    expect(scene.cancels.count).toBe(0)
    vi.advanceTimersByTime(CANCEL_GRACE_MS)
    expect(await over).toMatchObject({
      cause: { message: 'the server did not answer within 5000 ms' },
    })
  })

  test('counts for housekeeping whose followers have left before they were written', async () => {
    const scene = await Scene.ready()
    const reset = new ResetRequest('copy t to stdout')
    const over = outcome(reset.promise)
    scene.wire.submit(reset)
    const waiting = scene.limited('select 1')
    await scene.backend.expect('Query')
    waiting.abort()
    await waiting.error
    vi.advanceTimersByTime(CANCEL_GRACE_MS)
    expect(await over).toMatchObject({ name: 'ConnectionClosedError' })
  })

  test('ends with the answer to the housekeeping, and the query behind it is cancelled', async () => {
    const scene = await Scene.ready()
    const reset = new ResetRequest('reset all')
    const over = outcome(reset.promise)
    scene.wire.submit(reset)
    const { abort } = scene.limited('select f()')
    await scene.backend.expect('Query', 'Query')
    abort()
    scene.backend.send(commandComplete('RESET'), readyForQuery())
    expect(await over).toMatchObject({ tag: 'RESET' })
    expect(scene.cancels.count).toBe(1)
    await scene.cancels.answer()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    expect(scene.wire.isIdle).toBe(true)
  })

  test('has the CancelRequest repeated while the query goes on', async () => {
    const scene = await Scene.ready()
    const { abort } = scene.limited('select f()')
    await scene.backend.expect('Query')
    abort()
    for (const [count, ms] of [
      [1, 100],
      [2, 200],
      [3, 400],
    ] as const) {
      await scene.cancels.answer()
      expect(scene.cancels.count).toBe(count)
      vi.advanceTimersByTime(ms)
      await settled()
      expect(scene.cancels.count).toBe(count + 1)
    }
    await scene.cancels.answer()
    scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    expect(scene.wire.isIdle).toBe(true)
  })

  test('a CancelRequest that may still arrive ends the connection', async () => {
    const scene = await Scene.ready()
    const { abort } = scene.limited('select f()')
    await scene.backend.expect('Query')
    abort()
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    await scene.cancels.answer('unknown')
    expect(scene.wire.state).toBe('closed')
    expect(scene.handler.closed).toHaveLength(1)
  })
})

test('the connection dies while a cancelled query is drained', async () => {
  const scene = await Scene.ready()
  const { abort, error } = scene.limited('select f()')
  const next = outcome(scene.script('select 1'))
  await scene.backend.expect('Query')
  abort()
  expect(await error).toBe('gone')
  scene.transport.close()
  expect(await next).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: true })
  await scene.cancels.answer()
})

test('cancel() sends one CancelRequest, and none when nothing runs', async () => {
  const scene = await Scene.ready()
  await scene.wire.cancel()
  expect(scene.cancels.count).toBe(0)
  const running = outcome(scene.script('select f()'))
  const told = Promise.all([scene.wire.cancel(), scene.wire.cancel()])
  expect(scene.cancels.count).toBe(1)
  await scene.cancels.answer()
  await told
  scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
  expect(await running).toMatchObject({ code: '57014' })
})

test('a connection that closes waits for a cancel on its way', async () => {
  const scene = await Scene.ready()
  const { abort } = scene.limited('select f()')
  await scene.backend.expect('Query')
  abort()
  const closed = scene.wire.close()
  scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
  await scene.backend.expect()
  await scene.cancels.answer()
  await scene.backend.expect('Terminate')
  scene.transport.close()
  await closed
})

test('nothing is written behind a query that a limit may end', async () => {
  const scene = await Scene.ready()
  const request = new SimpleQueryRequest('select f()')
  request.limitBy(new Limits(1_000, undefined))
  scene.wire.submit(request)
  const next = scene.script('select 1')
  await scene.backend.expect('Query')
  scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
  await scene.backend.expect('Query')
  scene.backend.send(commandComplete('SELECT 2'), readyForQuery())
  expect(await request.promise).toMatchObject({ tag: 'SELECT 1' })
  expect(await next).toMatchObject({ tag: 'SELECT 2' })
})
