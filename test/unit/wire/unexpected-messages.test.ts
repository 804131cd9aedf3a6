import { describe, expect, test } from 'vitest'
import { ConnectionClosedError, ProtocolError } from '../../../src/base/errors.js'
import { Backend } from '../../../src/protocol/index.js'
import { OIDS } from '../../../src/types/oid.js'
import { message } from '../../support/bytes.js'
import { settled } from '../../support/fake-backend.js'
import {
  authentication,
  backendKeyData,
  bindComplete,
  closeComplete,
  commandComplete,
  copyBothResponse,
  copyData,
  copyDone,
  copyInResponse,
  copyOutResponse,
  dataRow,
  emptyQueryResponse,
  errorResponse,
  int32,
  noData,
  parameterDescription,
  parseComplete,
  portalSuspended,
  readyForQuery,
  rowDescription,
} from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

/** Every message that is part of an answer, and one that does not exist. */
const messages: Readonly<Record<string, Buffer>> = {
  Authentication: authentication(0),
  BackendKeyData: backendKeyData(1),
  BindComplete: bindComplete,
  CloseComplete: closeComplete,
  CommandComplete: commandComplete('SELECT 0'),
  CopyBothResponse: copyBothResponse,
  CopyData: copyData('1'),
  CopyDone: copyDone,
  CopyInResponse: copyInResponse,
  CopyOutResponse: copyOutResponse,
  DataRow: dataRow(int32(1)),
  EmptyQueryResponse: emptyQueryResponse,
  FunctionCallResponse: message(Backend.FunctionCallResponse, int32(-1)),
  NegotiateProtocolVersion: message(Backend.NegotiateProtocolVersion, int32(0), int32(0)),
  NoData: noData,
  ParameterDescription: parameterDescription(),
  ParseComplete: parseComplete,
  PortalSuspended: portalSuspended,
  ReadyForQuery: readyForQuery(),
  RowDescription: rowDescription(['a', OIDS.int4]),
  'message of type 0x7a': message('z'),
}

interface Moment {
  /** What the server has said of the answer so far. */
  readonly said: readonly Buffer[]
  /** The messages that may come now. */
  readonly allowed: readonly string[]
}

/** The moments of a query in the extended protocol whose statement is being prepared. */
const preparing: Readonly<Record<string, Moment>> = {
  'before ParseComplete': { said: [], allowed: ['ParseComplete'] },
  'before ParameterDescription': {
    said: prepared().slice(0, 1),
    allowed: ['ParameterDescription'],
  },
  'before RowDescription': { said: prepared().slice(0, 2), allowed: ['RowDescription', 'NoData'] },
  'behind RowDescription': { said: prepared().slice(0, 3), allowed: ['ReadyForQuery'] },
  'behind an error': { said: [errorResponse('42601', 'no')], allowed: ['ReadyForQuery'] },
}

const outcomes = ['CommandComplete', 'EmptyQueryResponse', 'PortalSuspended']

/** The moments of a query whose statement is ready. */
const executing: Readonly<Record<string, Moment>> = {
  'before BindComplete': { said: [], allowed: ['BindComplete'] },
  'behind BindComplete': { said: [bindComplete], allowed: ['DataRow', ...outcomes] },
  'behind a row': { said: [bindComplete, dataRow(int32(1))], allowed: ['DataRow', ...outcomes] },
  'behind a row that cannot be decoded': {
    said: [bindComplete, dataRow('no int4')],
    allowed: ['DataRow', ...outcomes],
  },
  'behind CommandComplete': {
    said: [bindComplete, commandComplete('SELECT 0')],
    allowed: ['ReadyForQuery'],
  },
  'behind an error': { said: [errorResponse('22012', 'no')], allowed: ['ReadyForQuery'] },
}

const statements = [
  'CommandComplete',
  'CopyInResponse',
  'CopyOutResponse',
  'EmptyQueryResponse',
  'RowDescription',
]

/** The moments of a script that may COPY. */
const scripts: Readonly<Record<string, Moment>> = {
  'before its first statement': { said: [], allowed: statements },
  'behind RowDescription': {
    said: [rowDescription(['a', OIDS.int4])],
    allowed: ['DataRow', 'CommandComplete'],
  },
  'behind a statement': {
    said: [commandComplete('SELECT 0')],
    allowed: [...statements, 'ReadyForQuery'],
  },
  'behind CopyInResponse': { said: [copyInResponse], allowed: [] },
  'behind CopyOutResponse': {
    said: [copyOutResponse],
    allowed: ['CopyData', 'CopyDone', 'CommandComplete'],
  },
  'behind an error': { said: [errorResponse('22012', 'no')], allowed: ['ReadyForQuery'] },
}

/** The moments of a COPY in the extended protocol. */
const copying: Readonly<Record<string, Moment>> = {
  'behind BindComplete': {
    said: [bindComplete],
    allowed: ['DataRow', 'CopyInResponse', 'CopyOutResponse', ...outcomes],
  },
  'behind CopyInResponse': { said: [bindComplete, copyInResponse], allowed: [] },
  'behind CopyOutResponse': {
    said: [bindComplete, copyOutResponse],
    allowed: ['CopyData', 'CopyDone', 'CommandComplete'],
  },
}

describe('while idle', () => {
  for (const [name, bytes] of Object.entries(messages)) {
    test(`${name} ends the connection`, async () => {
      const scene = await Scene.ready()
      scene.backend.send(bytes)
      await settled()
      expect(scene.transport.isDestroyed).toBe(true)
      expect(scene.handler.closed).toMatchObject([{ cause: { name: 'ProtocolError' } }])
      expect(scene.handler.closed[0]?.message).toContain(name)
    })
  }
})

interface Occasion {
  readonly name: string
  readonly moments: Readonly<Record<string, Moment>>
  /** Submits the request whose answer the moments are of. */
  ask(scene: Scene): Promise<{ readonly answer: Promise<unknown> }>
}

const occasions: readonly Occasion[] = [
  {
    name: 'while preparing',
    moments: preparing,
    ask: async (scene) => ({ answer: outcome(scene.query('select f(1)')) }),
  },
  {
    name: 'while executing',
    moments: executing,
    async ask(scene) {
      await scene.prepare('select f(1)')
      return { answer: outcome(scene.query('select f(1)')) }
    },
  },
  {
    name: 'while a script runs',
    moments: scripts,
    ask: async (scene) => ({ answer: outcome(scene.script('copy t from stdin')) }),
  },
  {
    name: 'while a COPY runs',
    moments: copying,
    async ask(scene) {
      const answer = outcome(scene.query('copy t from stdin'))
      await settled()
      scene.backend.send(...prepared())
      return { answer }
    },
  },
]

for (const { name: occasion, moments, ask } of occasions) {
  for (const [when, { said, allowed }] of Object.entries(moments)) {
    describe(`${occasion}, ${when}`, () => {
      for (const [name, bytes] of Object.entries(messages)) {
        test(`${name} ${allowed.includes(name) ? 'is taken' : 'ends the connection'}`, async () => {
          const scene = await Scene.ready()
          const { answer: first } = await ask(scene)
          await settled()
          const second = outcome(scene.script('select f(2)'))
          scene.backend.send(...said)
          expect(scene.wire.state).toBe('ready')
          scene.backend.send(bytes)
          await settled()
          if (allowed.includes(name)) {
            expect(scene.wire.state).toBe('ready')
            scene.wire.destroy()
            await Promise.all([first, second])
            return
          }
          expect(scene.transport.isDestroyed).toBe(true)
          expect(scene.handler.closed).toMatchObject([{ cause: { name: 'ProtocolError' } }])
          // What was decided before stays so.
          const error = await first
          if (moments === preparing) expect(error).toMatchObject({ safeToRetry: true })
          else if (when === 'behind an error')
            expect(error).toMatchObject({ name: 'DataException' })
          else expect(error).toBeInstanceOf(Error)
          expect(await second).toBeInstanceOf(ConnectionClosedError)
          expect(await second).toMatchObject({ cause: { name: 'ProtocolError' } })
        })
      }
    })
  }
}

describe('a message that is malformed', () => {
  const malformed: readonly (readonly [string, Buffer])[] = [
    ['ReadyForQuery with an unknown status', message('Z', Buffer.from('X'))],
    ['a length below 4', Buffer.from('43' + '00000003', 'hex')],
    ['a negative length', Buffer.from('44' + 'ffffffff', 'hex')],
    ['a length beyond the limit', Buffer.from('44' + '7fffffff', 'hex')],
    ['a row with more values than columns', dataRow(int32(1), int32(2))],
    ['a row with fewer values than columns', dataRow()],
    ['a row that ends early', message('D', Buffer.from('000100000004', 'hex'))],
    ['a BindComplete with a body', message('2', Buffer.of(0))],
    ['a CommandComplete without its NUL', message('C', Buffer.from('SELECT'))],
    ['an ErrorResponse without its end', message('E', Buffer.from('SERROR\0'))],
    ['a ParameterStatus without its value', message('S', Buffer.from('a\0'))],
  ]
  for (const [name, bytes] of malformed) {
    test(`${name} ends the connection with a ProtocolError for its query`, async () => {
      const scene = await Scene.ready()
      await scene.prepare('select f(1)')
      const first = outcome(scene.query('select f(1)'))
      const second = outcome(scene.query('select f(1)'))
      await settled()
      scene.backend.send(...(/BindComplete/.test(name) ? [] : [bindComplete]), bytes)
      expect(await first).toBeInstanceOf(ProtocolError)
      expect(await second).toBeInstanceOf(ConnectionClosedError)
      expect(await second).toMatchObject({ cause: await first })
      expect(scene.transport.isDestroyed).toBe(true)
      expect(scene.handler.closed.length).toBe(1)
    })
  }
})

test.each([
  ['CopyInResponse', copyInResponse],
  ['CopyOutResponse', copyOutResponse],
])('%s to what is no COPY ends the connection', async (_, bytes) => {
  const script = await Scene.ready()
  const first = outcome(script.script('select f(1)'))
  await settled()
  script.backend.send(bytes)
  expect(await first).toBeInstanceOf(ProtocolError)

  const query = await Scene.ready()
  await query.prepare('select f(1)')
  const second = outcome(query.query('select f(1)'))
  await settled()
  query.backend.send(bindComplete, bytes)
  expect(await second).toBeInstanceOf(ProtocolError)
})

test('one ReadyForQuery too many never gives a query the answer to another', async () => {
  const scene = await Scene.ready()
  await scene.prepare('select f(1)')
  const first = outcome(scene.query('select f(1)'))
  const second = outcome(scene.query('select f(1)'))
  await settled()
  const answer = [bindComplete, dataRow(int32(1)), commandComplete('SELECT 1'), readyForQuery()]
  scene.backend.send(...answer, readyForQuery(), ...answer)
  expect(await first).toEqual([[1]])
  expect(await second).toBeInstanceOf(ProtocolError)
})
