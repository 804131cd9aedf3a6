import { describe, expect, test } from 'vitest'
import { ConnectionClosedError, ProtocolError } from '../../../src/base/errors.js'
import { settled } from '../../support/fake-backend.js'
import {
  bindComplete,
  commandComplete,
  dataRow,
  errorResponse,
  int32,
  parameterStatus,
  readyForQuery,
} from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, Scene } from './scene.js'

forbidUnhandledRejections()

const SHUTDOWN = errorResponse('57P01', 'terminating connection', 'FATAL')

describe('a FATAL error', () => {
  test('is the cause of the loss of every query', async () => {
    const { scene, head, written, queued } = await threeQueries()
    scene.backend.send(SHUTDOWN)
    expect(await head).toBeInstanceOf(ConnectionClosedError)
    expect(await head).toMatchObject({ safeToRetry: false, cause: { code: '57P01' } })
    expect(await written).toBeInstanceOf(ConnectionClosedError)
    expect(await written).toMatchObject({ safeToRetry: false, cause: { code: '57P01' } })
    expect(await queued).toBeInstanceOf(ConnectionClosedError)
    expect(await queued).toMatchObject({ safeToRetry: true, cause: { code: '57P01' } })
    expect(scene.transport.isDestroyed).toBe(true)
  })

  test('to a statement being prepared loses the query that waits for it, which may be retried', async () => {
    const scene = await Scene.ready()
    const query = outcome(scene.query('select f(1)'))
    await settled()
    scene.backend.send(SHUTDOWN)
    expect(await query).toBeInstanceOf(ConnectionClosedError)
    expect(await query).toMatchObject({ safeToRetry: true, cause: { code: '57P01' } })
  })

  test('while idle closes the connection, and its cause is told', async () => {
    const scene = await Scene.ready()
    scene.backend.send(SHUTDOWN)
    await settled()
    expect(scene.wire.state).toBe('closed')
    expect(scene.handler.closed).toMatchObject([
      { cause: { code: '57P01' }, address: 'db.test:5432' },
    ])
    expect(scene.transport.isDestroyed).toBe(true)
  })

  test.each(['FATAL', 'PANIC'])('%s ends what comes behind it', async (severity) => {
    const scene = await Scene.ready()
    const query = outcome(scene.script('select f(1)'))
    await settled()
    scene.backend.send(
      errorResponse('XX000', 'no', severity),
      parameterStatus('a', 'b'),
      readyForQuery(),
    )
    expect(await query).toMatchObject({ cause: { code: 'XX000', severity } })
    expect(scene.handler.parameters).toEqual([])
    expect(scene.wire.state).toBe('closed')
  })

  test('an error of any severity while idle closes the connection', async () => {
    const scene = await Scene.ready()
    scene.backend.send(errorResponse('XX000', 'no'))
    await settled()
    expect(scene.wire.state).toBe('closed')
    expect(scene.handler.closed).toMatchObject([{ cause: { code: 'XX000' } }])
  })
})

describe('a server that hangs up without a word', () => {
  test('loses what was written, and what was not may be retried', async () => {
    const { scene, head, written, queued } = await threeQueries()
    scene.transport.close()
    for (const error of [await head, await written]) {
      expect(error).toBeInstanceOf(ConnectionClosedError)
      expect(error).toMatchObject({ safeToRetry: false })
    }
    expect(await queued).toMatchObject({ safeToRetry: true })
    expect(scene.handler.closed.length).toBe(1)
    expect(scene.handler.closed[0]?.message).toMatch(/db\.test:5432.*the server closed it/)
  })

  test('an error of the socket is the cause', async () => {
    const scene = await Scene.ready()
    const query = outcome(scene.script('select f(1)'))
    await settled()
    const reset = new Error('read ECONNRESET')
    scene.transport.close(reset)
    expect(await query).toMatchObject({ cause: reset })
    expect(scene.handler.closed).toMatchObject([{ cause: reset }])
  })

  test('a query with an error of the server keeps that error', async () => {
    const scene = await Scene.ready()
    const query = outcome(scene.script('select f(1)'))
    await settled()
    scene.backend.send(errorResponse('22012', 'division by zero'))
    scene.transport.close()
    expect(await query).toMatchObject({ code: '22012' })
  })

  test('half an answer is no result', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f(1)')
    const query = outcome(scene.query('select f(1)'))
    await settled()
    scene.backend.send(bindComplete, dataRow(int32(1)), commandComplete('SELECT 1'))
    scene.transport.close()
    expect(await query).toBeInstanceOf(ConnectionClosedError)
  })
})

describe('after the loss', () => {
  test('a query is refused with the cause, and may be retried', async () => {
    const scene = await Scene.ready()
    scene.backend.send(SHUTDOWN)
    await settled()
    const error = await outcome(scene.query('select f(1)'))
    expect(error).toBeInstanceOf(ConnectionClosedError)
    expect(error).toMatchObject({ safeToRetry: true, cause: { code: '57P01' } })
  })

  test('nothing is written', async () => {
    const scene = await Scene.ready()
    const writes = scene.transport.writes.length
    outcome(scene.script('select f(1)'))
    scene.transport.close()
    outcome(scene.script('select f(2)'))
    scene.transport.drain()
    await settled()
    expect(scene.transport.writes.length).toBe(writes)
  })

  test('whatever happens to the socket, the handler hears of it once', async () => {
    const scene = await Scene.ready()
    scene.backend.send(SHUTDOWN)
    scene.wire.destroy()
    scene.wire.destroy(new Error('again'))
    scene.transport.close()
    await scene.wire.close()
    expect(scene.handler.closed.length).toBe(1)
  })
})

describe('destroy', () => {
  test('loses everything at once', async () => {
    const { scene, head, written, queued } = await threeQueries()
    scene.wire.destroy()
    expect(scene.transport.isDestroyed).toBe(true)
    expect(scene.wire.state).toBe('closed')
    expect(await head).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: false })
    expect(await written).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: false })
    expect(await queued).toMatchObject({ name: 'ConnectionClosedError', safeToRetry: true })
    expect(scene.handler.closed).toEqual([undefined])
    await scene.wire.closed
  })

  test('with an error tells it as the cause', async () => {
    const scene = await Scene.ready()
    const query = outcome(scene.script('select f(1)'))
    const error = new ProtocolError('no')
    scene.wire.destroy(error)
    expect(await query).toBeInstanceOf(ProtocolError)
    expect(scene.handler.closed).toMatchObject([{ cause: error }])
  })

  test('while starting fails the startup, and the handler hears nothing', async () => {
    const scene = await Scene.starting()
    scene.wire.destroy()
    expect(await outcome(scene.startup.promise)).toMatchObject({
      name: 'ConnectionClosedError',
      phase: 'startup',
    })
    expect(scene.handler.closed).toEqual([])
  })
})

/** A query in its answer, one written behind it, and one that waits for the kernel. */
async function threeQueries() {
  const scene = await Scene.ready()
  const head = outcome(scene.script('one'))
  const written = outcome(scene.script('two'))
  scene.transport.isAccepting = false
  await scene.backend.expect('Query', 'Query')
  const queued = outcome(scene.query('three'))
  await scene.backend.expect()
  return { scene, head, written, queued }
}
