import { describe, expect, test } from 'vitest'
import type { ConnectOptions } from '../../../src/config/connect-options.js'
import { CONNECT_OPTIONS } from '../../../src/config/options.js'
import { type ConnectionConfig, resolveConnection } from '../../../src/config/resolve.js'

function resolve(input: ConnectOptions): ConnectionConfig {
  return resolveConnection(input, undefined, { HOME: '/nonexistent' })
}

describe('every option given a wrong value is refused by name', () => {
  const wrong: { readonly [K in keyof Required<ConnectOptions>]: unknown } = {
    host: 1,
    port: 65_536,
    hostAddress: 'localhost',
    targetSessionAttrs: 'master',
    loadBalanceHosts: true,
    hostRecheck: -1,
    keepAliveIdle: 0.5,
    user: false,
    password: 1,
    database: {},
    passfile: 1,
    service: 1,
    serviceFile: true,
    fallbackApplicationName: 1,
    ssl: 'yes',
    requireAuth: 'scram',
    channelBinding: 'always',
    scramMaxIterations: 0,
    scramClientKey: 'c2hvcnQ=',
    scramServerKey: 42,
    oauthToken: 'token',
    gssProvider: {},
    gssServiceName: 'a\0b',
    minProtocolVersion: '3.1',
    maxProtocolVersion: 3.2,
    queryTimeout: '1s',
    statementMode: 'prepared',
    replication: 'logical',
    connectTimeout: -1,
    keepAlive: 60_000,
    applicationName: 'a\0b',
    settings: { a: null },
    statementCacheSize: -1,
    maxMessageSize: 10,
    types: [],
    signal: {},
    onNotice: 'log',
    onQuery: 'log',
    trace: 'stdout',
    options: 1,
  }

  test.each([
    '999.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1:2',
    '::::',
    '1::2::3',
    '::ffff:256.1.1.1',
    'fe80::1%',
    '[::1]',
  ])('the host address %s', (hostAddress) => {
    expect(() => resolve({ hostAddress })).toThrow('must be an IP address')
  })

  test.each(['1.2.3.4', '255.0.0.10', '::', 'FE80::1%eth0', 'fe80::1%br_lan', '::ffff:1.2.3.4'])(
    'not the host address %s',
    (hostAddress) => {
      expect(resolve({ hostAddress }).hosts[0]).toMatchObject({ hostAddress })
    },
  )

  test('a password that is a number is not shown', () => {
    for (const input of [{ password: 73573500 }, { ssl: { passphrase: 73573500 } }] as never[]) {
      expect(() => resolve(input)).toThrow(/not a number$/)
    }
  })

  test('the list is complete', () => {
    expect(Object.keys(wrong).sort()).toEqual(Object.keys(CONNECT_OPTIONS).sort())
  })
  for (const [name, value] of Object.entries(wrong)) {
    test(`${name}: ${JSON.stringify(value)}`, () => {
      expect(() => resolve({ [name]: value })).toThrow(
        expect.objectContaining({
          code: 'ERR_SLUICE_OPTION',
          option: expect.stringMatching(new RegExp(`^${name}(\\.|$)`)),
          message: expect.stringContaining(`"${name}`),
        }),
      )
    })
  }

  const others: readonly (readonly [ConnectOptions, RegExp])[] = [
    [{ port: '5432' as unknown as number }, /option "port" must be a number, not a string/],
    [{ port: 0 }, /option "port" must be a whole number from 1 to 65535, not 0/],
    [{ host: ['a', 'b'], port: [1, 2, 3] }, /3 ports do not fit 2 hosts/],
    [{ host: `/${'x'.repeat(120)}` }, /path of the socket is longer than \d+ bytes/],
    [{ requireAuth: 'md5,!none' }, /option "requireAuth": .*cannot be mixed/],
    [{ minProtocolVersion: '3.2', maxProtocolVersion: '3.0' }, /3\.2 is above .* 3\.0/],
    [{ settings: { user: 'root' } }, /"settings\.user" is no setting/],
    [{ settings: { '_pq_.x': '1' } }, /"settings\._pq_\.x" is no setting/],
    [{ settings: { Client_Encoding: 'LATIN1' } }, /"settings\.Client_Encoding" must be UTF8/],
    [{ settings: { a: 'x\0' } }, /"settings\.a" must not contain a NUL/],
    [{ pasword: '' } as ConnectOptions, /unknown option "pasword"; did you mean "password"\?/],
    [{ dbname: '' } as ConnectOptions, /unknown option "dbname"; did you mean "database"\?/],
    [{ sslmode: '' } as ConnectOptions, /unknown option "sslmode"/],
    [{ max: 10 } as ConnectOptions, /unknown option "max"/],
  ]
  for (const [options, message] of others) {
    test(String(message), () => {
      expect(() => resolve(options)).toThrow(message)
    })
  }
})
