import { describe, expect, test } from 'vitest'
import { AuthenticationError, PostgresError, ProtocolError } from '../../../src/base/errors.js'
import { nextState } from '../../../src/wire/states.js'
import { message } from '../../support/bytes.js'
import {
  authentication,
  authenticationOk,
  backendKeyData,
  bindComplete,
  commandComplete,
  copyInResponse,
  cstring,
  dataRow,
  errorResponse,
  int32,
  parameterStatus,
  parseComplete,
  readyForQuery,
  rowDescription,
} from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, Scene } from './scene.js'

forbidUnhandledRejections()

const SASL = authentication(10, cstring('SCRAM-SHA-256'), Buffer.of(0))

describe('a startup', () => {
  test('sends protocol 3.0 and the parameters', async () => {
    const scene = new Scene()
    scene.wire.start(scene.transport, scene.startup)
    expect(await scene.backend.expect('Startup')).toMatchObject([
      { parameters: { user: 'app', client_encoding: 'UTF8' } },
    ])
    scene.wire.destroy()
    await outcome(scene.startup.promise)
  })

  test('ends with ReadyForQuery, after which the session is known', async () => {
    const scene = await Scene.starting()
    expect(scene.wire.state).toBe('starting')
    scene.backend.send(
      authenticationOk,
      parameterStatus('server_version', '18.4'),
      backendKeyData(77, Buffer.from('0badcafe', 'hex')),
      readyForQuery(),
    )
    await scene.startup.promise
    expect(scene.wire.state).toBe('ready')
    const { session } = scene.wire
    expect(session.parameters.get('server_version')).toBe('18.4')
    expect(session.key).toEqual({ processId: 77, secretKey: Buffer.from('0badcafe', 'hex') })
    expect(session.transactionStatus).toBe('idle')
  })

  test('may go without BackendKeyData', async () => {
    const scene = await Scene.starting()
    scene.backend.send(authenticationOk, readyForQuery())
    await scene.startup.promise
    expect(scene.wire.session.key).toBeUndefined()
  })

  test('answers a request for the password', async () => {
    const scene = await Scene.starting()
    scene.backend.send(authentication(3))
    expect(await scene.backend.expect('Password')).toMatchObject([{ data: cstring('secret') }])
    scene.backend.send(authenticationOk, readyForQuery())
    await scene.startup.promise
  })

  test('answers SASL with its mechanism', async () => {
    const scene = await Scene.starting()
    scene.backend.send(SASL)
    const [reply] = await scene.backend.expect('Password')
    expect(String(reply?.data)).toMatch(/^SCRAM-SHA-256\0.{4}n,,n=,r=/s)
    scene.wire.destroy()
    await outcome(scene.startup.promise)
  })
})

describe('a startup fails', () => {
  test.each(['FATAL', 'ERROR'])('at an error of severity %s, at once', async (severity) => {
    const scene = await Scene.starting()
    scene.backend.send(errorResponse('3D000', 'no such database', severity))
    expect(await outcome(scene.startup.promise)).toBeInstanceOf(PostgresError)
    expect(await outcome(scene.startup.promise)).toMatchObject({ code: '3D000' })
    expect(scene.transport.isDestroyed).toBe(true)
    expect(scene.handler.closed).toEqual([])
  })

  test('when the server hangs up, with the phase in the error', async () => {
    const scene = await Scene.starting()
    scene.transport.close()
    expect(await outcome(scene.startup.promise)).toMatchObject({
      name: 'ConnectionClosedError',
      phase: 'startup',
      message: 'the connection to db.test:5432 was lost: the server closed it',
    })
  })

  test('when the server is content without a proof of itself', async () => {
    const scene = await Scene.starting()
    scene.backend.send(SASL)
    await scene.backend.expect('Password')
    scene.backend.send(authenticationOk, readyForQuery())
    expect(await outcome(scene.startup.promise)).toBeInstanceOf(AuthenticationError)
    expect(scene.wire.state).toBe('closed')
  })

  test('when a method is unknown', async () => {
    const scene = await Scene.starting()
    scene.backend.send(authentication(7))
    expect(await outcome(scene.startup.promise)).toBeInstanceOf(AuthenticationError)
    scene.wire.destroy()
  })

  const unexpected: readonly (readonly [string, readonly Buffer[]])[] = [
    ['ReadyForQuery without authentication', [readyForQuery()]],
    ['BackendKeyData before AuthenticationOk', [backendKeyData(1)]],
    ['AuthenticationOk twice', [authenticationOk, authenticationOk]],
    ['ReadyForQuery while the password is fetched', [authentication(3), readyForQuery()]],
    ['another request while the password is fetched', [authentication(3), authentication(3)]],
    ['AuthenticationOk while the password is fetched', [authentication(3), authenticationOk]],
    ['a row', [authenticationOk, dataRow(int32(1))]],
    ['RowDescription', [rowDescription()]],
    ['CommandComplete', [authenticationOk, commandComplete('SELECT 1')]],
    ['ParseComplete', [authenticationOk, parseComplete]],
    ['BindComplete', [authenticationOk, bindComplete]],
    ['CopyInResponse', [authenticationOk, copyInResponse]],
    [
      'NegotiateProtocolVersion, as nothing newer was asked for',
      [message('v', int32(0), int32(0))],
    ],
    ['a type that does not exist', [message('!')]],
    ['a body longer than any startup needs', [Buffer.from('52' + '00020000', 'hex')]],
    ['a length of 2 GiB', [Buffer.from('52' + '7fffffff', 'hex')]],
    ['HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
  ]
  for (const [name, messages] of unexpected) {
    test(`at ${name}, with a ProtocolError`, async () => {
      const scene = await Scene.starting()
      scene.backend.send(...messages)
      expect(await outcome(scene.startup.promise)).toBeInstanceOf(ProtocolError)
      expect(scene.transport.isDestroyed).toBe(true)
      expect(scene.handler.closed).toEqual([])
    })
  }

  test('and what was submitted meanwhile is lost with it, to be retried', async () => {
    const scene = await Scene.starting()
    const query = outcome(scene.query('select f(1)'))
    scene.backend.send(errorResponse('53300', 'too many clients', 'FATAL'))
    expect(await query).toMatchObject({ safeToRetry: true, cause: { code: '53300' } })
    await outcome(scene.startup.promise)
  })
})

describe('the states of a connection', () => {
  test.each([
    ['starting', 'started', 'ready'],
    ['starting', 'close', undefined],
    ['starting', 'lost', 'closed'],
    ['ready', 'started', undefined],
    ['ready', 'close', 'closing'],
    ['ready', 'lost', 'closed'],
    ['closing', 'started', undefined],
    ['closing', 'close', undefined],
    ['closing', 'lost', 'closed'],
    ['closed', 'started', undefined],
    ['closed', 'close', undefined],
    ['closed', 'lost', undefined],
  ] as const)('%s, %s: %s', (state, event, expected) => {
    expect(nextState(state, event)).toBe(expected)
  })
})
