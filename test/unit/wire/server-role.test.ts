import { describe, expect, test } from 'vitest'
import { TARGET_SESSION_ATTRS } from '../../../src/config/connect-options.js'
import { HostStates } from '../../../src/wire/host-states.js'
import { readServerRole, type ServerRole, whyUnfit } from '../../../src/wire/server-role.js'
import { FakeClock } from '../../support/fake-clock.js'
import * as server from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, Scene } from './scene.js'

forbidUnhandledRejections()

const PRIMARY: ServerRole = { isStandby: false, isReadOnly: false }
const READ_ONLY: ServerRole = { isStandby: false, isReadOnly: true }
const STANDBY: ServerRole = { isStandby: true, isReadOnly: true }

describe('targetSessionAttrs', () => {
  const fitting: readonly (readonly [name: string, role: ServerRole, wanted: readonly string[]])[] =
    [
      ['a primary', PRIMARY, ['any', 'read-write', 'primary', 'prefer-standby']],
      [
        'a primary by default read-only',
        READ_ONLY,
        ['any', 'read-only', 'primary', 'prefer-standby'],
      ],
      ['a standby', STANDBY, ['any', 'read-only', 'standby', 'prefer-standby']],
    ]
  for (const [name, role, wanted] of fitting) {
    test(`${name} serves ${wanted.join(', ')}`, () => {
      const served = TARGET_SESSION_ATTRS.filter((each) => whyUnfit(role, each) === undefined)
      expect(served).toEqual(wanted)
    })
  }
})

describe('the role of a server', () => {
  const reported: readonly (readonly [string, string, ServerRole])[] = [
    ['off', 'off', PRIMARY],
    ['off', 'on', READ_ONLY],
    ['on', 'off', STANDBY],
    ['on', 'on', STANDBY],
  ]
  for (const [inHotStandby, readOnly, role] of reported) {
    test(`is what it reported: in_hot_standby ${inHotStandby}, read-only ${readOnly}`, async () => {
      const scene = await Scene.ready()
      scene.wire.session.parameters.set('in_hot_standby', inHotStandby)
      scene.wire.session.parameters.set('default_transaction_read_only', readOnly)
      expect(await readServerRole(scene.wire)).toEqual(role)
      expect(scene.wire.isIdle).toBe(true)
    })
  }

  const asked: readonly (readonly [string, ServerRole])[] = [
    ['false,off', PRIMARY],
    ['false,on', READ_ONLY],
    ['true,on', STANDBY],
  ]
  for (const [answer, role] of asked) {
    test(`is asked for where a pooler reports nothing: ${answer}`, async () => {
      const scene = await Scene.ready()
      const reading = readServerRole(scene.wire)
      await scene.backend.expect('Query')
      scene.backend.send(
        server.rowDescription(['role', 25]),
        server.dataRow(Buffer.from(answer)),
        server.commandComplete('SELECT 1'),
        server.readyForQuery(),
      )
      expect(await reading).toEqual(role)
    })
  }

  test('is unknown where the server refuses to tell', async () => {
    const scene = await Scene.ready()
    const reading = outcome(readServerRole(scene.wire))
    await scene.backend.expect('Query')
    scene.backend.send(server.errorResponse('42501', 'permission denied'), server.readyForQuery())
    expect(await reading).toMatchObject({ code: '42501' })
  })
})

describe('what is remembered of hosts', () => {
  const order = (states: HostStates, wanted: (typeof TARGET_SESSION_ATTRS)[number]) =>
    states.order(['a', 'b', 'c', 'd'], (host) => host, wanted).join('')

  function seen(recheckMs = 100): { states: HostStates; clock: FakeClock } {
    const clock = new FakeClock()
    const states = new HostStates(recheckMs, clock)
    states.remember('a', 'unreachable')
    states.remember('b', STANDBY)
    states.remember('d', PRIMARY)
    return { states, clock }
  }

  const cases = [
    ['any', 'bcda'],
    ['primary', 'dcba'],
    ['read-write', 'dcba'],
    ['standby', 'bcda'],
    ['prefer-standby', 'bcda'],
  ] as const
  for (const [wanted, expected] of cases) {
    test(`orders them for ${wanted}: fitting, unknown, unfit, down`, () => {
      expect(order(seen().states, wanted)).toBe(expected)
    })
  }

  test('is forgotten after hostRecheck', () => {
    const { states, clock } = seen()
    clock.advance(99)
    expect(order(states, 'primary')).toBe('dcba')
    clock.advance(1)
    expect(order(states, 'primary')).toBe('abcd')
  })

  test('is nothing when hostRecheck is 0', () => {
    expect(order(seen(0).states, 'primary')).toBe('abcd')
  })
})
