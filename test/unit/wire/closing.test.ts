import { afterEach, describe, expect, test, vi } from 'vitest'
import { ConnectionClosedError } from '../../../src/base/errors.js'
import { settled } from '../../support/fake-backend.js'
import { commandComplete, errorResponse, readyForQuery } from '../../support/server-messages.js'
import { executed, forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

afterEach(() => {
  vi.useRealTimers()
})

describe('close', () => {
  test('of an idle connection says goodbye and ends', async () => {
    const scene = await Scene.ready()
    const closed = scene.wire.close()
    await scene.backend.expect('Terminate')
    expect(scene.transport.hasEnded).toBe(true)
    scene.transport.close()
    await closed
    expect(scene.wire.state).toBe('closed')
    expect(scene.handler.closed).toEqual([undefined])
  })

  test('waits for what is pending, queued or written', async () => {
    const scene = await Scene.ready()
    const { backend } = scene
    const first = scene.query('select f(1)')
    const second = scene.script('select f(2)')
    const closed = scene.wire.close()
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(...prepared())
    await backend.expect('Bind', 'Execute', 'Sync', 'Query')
    backend.send(...executed(1))
    await backend.expect()
    backend.send(commandComplete('SELECT 1'), readyForQuery())
    await backend.expect('Terminate')
    expect(await first).toEqual([[1]])
    expect(await second).toMatchObject({ tag: 'SELECT 1' })
    scene.transport.close()
    await closed
    expect(scene.handler.closed).toEqual([undefined])
    expect(scene.handler.idles).toBe(0)
  })

  test('says goodbye once even if the last query cannot be sent', async () => {
    vi.useFakeTimers()
    const scene = await Scene.ready()
    const last = outcome(scene.query('select $1::int4', 'one'))
    const closed = scene.wire.close()
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(...prepared(1, 1))
    await scene.backend.expect('Terminate')
    expect(await last).toMatchObject({ name: 'EncodeError' })
    scene.transport.close()
    await closed
    expect(vi.getTimerCount()).toBe(0)
  })

  test('takes nothing new', async () => {
    const scene = await Scene.ready()
    outcome(scene.script('select f(1)'))
    scene.wire.close()
    const late = await outcome(scene.query('select f(2)'))
    expect(late).toBeInstanceOf(ConnectionClosedError)
    expect(late).toMatchObject({ safeToRetry: true })
    scene.wire.destroy()
  })

  test('again waits for the same', async () => {
    const scene = await Scene.ready()
    const closed = Promise.all([scene.wire.close(), scene.wire.close()])
    await scene.backend.expect('Terminate')
    scene.transport.close()
    await closed
    await scene.wire.close()
    expect(scene.handler.closed.length).toBe(1)
  })

  test('of a connection that is still starting closes it at once', async () => {
    const scene = await Scene.starting()
    await scene.wire.close()
    expect(scene.transport.isDestroyed).toBe(true)
    expect(await outcome(scene.startup.promise)).toBeInstanceOf(ConnectionClosedError)
  })

  test('of a server that never hangs up ends after a grace time', async () => {
    vi.useFakeTimers()
    const scene = await Scene.ready()
    const closed = scene.wire.close()
    await scene.backend.expect('Terminate')
    vi.advanceTimersByTime(999)
    expect(scene.transport.isDestroyed).toBe(false)
    vi.advanceTimersByTime(1)
    expect(scene.transport.isDestroyed).toBe(true)
    await closed
    expect(scene.handler.closed).toEqual([undefined])
  })

  test('leaves no timer when the server hangs up', async () => {
    vi.useFakeTimers()
    const scene = await Scene.ready()
    const closed = scene.wire.close()
    await scene.backend.expect('Terminate')
    scene.transport.close()
    await closed
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a reset after the goodbye is no loss', async () => {
    const scene = await Scene.ready()
    const closed = scene.wire.close()
    await scene.backend.expect('Terminate')
    scene.transport.close(new Error('read ECONNRESET'))
    await closed
    expect(scene.handler.closed).toEqual([undefined])
  })

  test('a loss before the goodbye is one', async () => {
    const scene = await Scene.ready()
    const last = outcome(scene.script('select f(1)'))
    await settled()
    const closed = scene.wire.close()
    scene.transport.close()
    await closed
    expect(await last).toBeInstanceOf(ConnectionClosedError)
    expect(scene.handler.closed[0]).toBeInstanceOf(ConnectionClosedError)
  })

  test('a connection that was closed says so to the next query', async () => {
    const scene = await Scene.ready()
    const closed = scene.wire.close()
    await settled()
    scene.transport.close()
    await closed
    const error = await outcome(scene.script('select f(1)'))
    expect(error).toMatchObject({
      name: 'ConnectionClosedError',
      message: 'the connection to db.test:5432 is closed',
      safeToRetry: true,
    })
  })
})

describe('onIdle', () => {
  test('comes once when the last of several queries is over', async () => {
    const scene = await Scene.ready()
    outcome(scene.script('one'))
    outcome(scene.script('two'))
    await settled()
    scene.backend.send(commandComplete('ONE'), readyForQuery())
    expect(scene.handler.idles).toBe(0)
    scene.backend.send(commandComplete('TWO'), readyForQuery())
    expect(scene.handler.idles).toBe(1)
    expect(scene.wire.isIdle).toBe(true)
  })

  test('comes once when the startup is over', async () => {
    const scene = await Scene.ready()
    scene.transport.drain()
    expect(scene.handler.idles).toBe(0)
  })

  test('comes once when a query fails', async () => {
    const scene = await Scene.ready()
    const failed = outcome(scene.script('one'))
    await settled()
    scene.backend.send(errorResponse('42601', 'no'), readyForQuery())
    await failed
    expect(scene.handler.idles).toBe(1)
  })

  test('comes once when a prepared query cannot be sent', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select $1::int4', 1, 1)
    const refused = outcome(scene.query('select $1::int4', 'one'))
    expect(scene.handler.idles).toBe(1)
    await refused
    expect(scene.handler.idles).toBe(1)
  })

  test('comes once when a query cannot be sent after its statement was prepared', async () => {
    const scene = await Scene.ready()
    const refused = outcome(scene.query('select $1::int4', 'one'))
    await settled()
    scene.backend.send(...prepared(1, 1))
    await refused
    expect(scene.handler.idles).toBe(1)
  })

  test('comes once when what waited for the kernel cannot be sent', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select $1::int4', 1, 1)
    scene.transport.isAccepting = false
    const first = scene.script('one')
    await settled()
    const refused = outcome(scene.query('select $1::int4', 'one'))
    scene.backend.send(commandComplete('ONE'), readyForQuery())
    await first
    expect(scene.handler.idles).toBe(0)
    scene.transport.drain()
    await refused
    expect(scene.handler.idles).toBe(1)
  })

  test('may submit the next query', async () => {
    const scene = await Scene.ready()
    let next: Promise<unknown> | undefined
    scene.handler.onIdle = () => {
      next ??= outcome(scene.script('next'))
    }
    outcome(scene.script('first'))
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('FIRST'), readyForQuery())
    expect(await scene.backend.expect('Query')).toMatchObject([{ sql: 'next' }])
    scene.backend.send(commandComplete('NEXT'), readyForQuery())
    expect(await next).toMatchObject({ tag: 'NEXT' })
  })
})
