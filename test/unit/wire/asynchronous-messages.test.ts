import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/errors.js'
import { settled } from '../../support/fake-backend.js'
import {
  authenticationOk,
  bindComplete,
  commandComplete,
  dataRow,
  int32,
  noticeResponse,
  notification,
  parameterStatus,
  readyForQuery,
} from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

const NEWS = [
  noticeResponse('00000', 'well'),
  notification(9, 'jobs', 'done'),
  parameterStatus('TimeZone', 'UTC'),
]

function expectNews({ handler, wire }: Scene): void {
  expect(handler.notices).toMatchObject([{ severity: 'NOTICE', message: 'well' }])
  expect(handler.notifications).toEqual([{ processId: 9, channel: 'jobs', payload: 'done' }])
  expect(handler.parameters).toEqual([['TimeZone', 'UTC']])
  expect(wire.session.parameters.get('TimeZone')).toBe('UTC')
}

describe('notices, notifications and parameters', () => {
  test('are told while the connection starts', async () => {
    const scene = await Scene.starting()
    scene.backend.send(authenticationOk, ...NEWS, readyForQuery())
    await scene.startup.promise
    expectNews(scene)
  })

  test('are told while the connection is idle', async () => {
    const scene = await Scene.ready()
    scene.backend.send(...NEWS)
    expectNews(scene)
    expect(scene.handler.idles).toBe(0)
  })

  test('are told while a statement is prepared', async () => {
    const scene = await Scene.ready()
    outcome(scene.query('select f(1)'))
    await settled()
    scene.backend.send(...prepared().slice(0, 2), ...NEWS, ...prepared().slice(2))
    expectNews(scene)
  })

  test('are told between rows, which they do not disturb', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f(1)')
    const rows = scene.query('select f(1)')
    await settled()
    const row = dataRow(int32(1))
    const end = [commandComplete('SELECT 2'), readyForQuery()]
    scene.backend.send(bindComplete, row, ...NEWS, row, ...end)
    expectNews(scene)
    expect(await rows).toEqual([[1], [1]])
  })

  test('are told between the end of a command and ReadyForQuery', async () => {
    const scene = await Scene.ready()
    const result = scene.script('listen jobs')
    await settled()
    scene.backend.send(commandComplete('LISTEN'), ...NEWS, readyForQuery())
    expectNews(scene)
    expect(await result).toMatchObject({ tag: 'LISTEN' })
  })

  test('are told while the last query runs before the close', async () => {
    const scene = await Scene.ready()
    outcome(scene.script('select f(1)'))
    await settled()
    scene.wire.close()
    scene.backend.send(...NEWS)
    expectNews(scene)
    scene.wire.destroy()
  })
})

describe('client_encoding', () => {
  test.each(['LATIN1', 'SQL_ASCII', 'utf8', ''])('%j ends the connection', async (encoding) => {
    const scene = await Scene.ready()
    const query = outcome(scene.script('set client_encoding = …'))
    await settled()
    scene.backend.send(parameterStatus('client_encoding', encoding))
    expect(await query).toBeInstanceOf(ProtocolError)
    expect(scene.transport.isDestroyed).toBe(true)
    expect(scene.handler.parameters).toEqual([])
  })

  test('UTF8 is what it has to be', async () => {
    const scene = await Scene.ready()
    scene.backend.send(parameterStatus('client_encoding', 'UTF8'))
    expect(scene.wire.state).toBe('ready')
  })

  test('another one at startup fails the startup', async () => {
    const scene = await Scene.starting()
    scene.backend.send(authenticationOk, parameterStatus('client_encoding', 'LATIN1'))
    expect(await outcome(scene.startup.promise)).toBeInstanceOf(ProtocolError)
    expect(scene.transport.isDestroyed).toBe(true)
  })
})
