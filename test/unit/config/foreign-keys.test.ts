import { describe, expect, test } from 'vitest'
import { FOREIGN_KEYS } from '../../../src/config/foreign-keys.js'
import { resolveConnection } from '../../../src/config/resolve.js'

const resolve = (dsn: string, environment: Readonly<Record<string, string>> = {}) =>
  resolveConnection(`host=h user=u ${dsn}`, {}, { HOME: '/nowhere', ...environment })

describe('keys of libpq that are no options here', () => {
  const harmless = [
    'client_encoding=UTF8',
    'client_encoding=auto',
    'gssdelegation=0',
    'gssencmode=disable',
    'gssencmode=prefer',
    'gsslib=gssapi',
    'keepalives_count=3',
    'keepalives_interval=10',
    'sslcompression=1',
    'tcp_user_timeout=5000',
    "requirepeer=''",
  ]
  test(`are accepted where they do no harm: ${harmless.join(' ')}`, () => {
    const bare = resolve('')
    expect(JSON.stringify(resolve(harmless.join(' ')))).toBe(JSON.stringify(bare))
    expect(harmless.map((pair) => pair.split('=')[0])).toEqual(
      expect.arrayContaining(Object.keys(FOREIGN_KEYS)),
    )
  })

  const refused: readonly (readonly [dsn: string, environment: Record<string, string>, RegExp])[] =
    [
      ['client_encoding=LATIN1', {}, /"client_encoding" in the connection string has a value/],
      ['gssencmode=require', {}, /"gssencmode" in the connection string .* Use TLS\./],
      ['', { PGGSSENCMODE: 'require' }, /environment variable PGGSSENCMODE has a value/],
      ['requirepeer=postgres', {}, /"requirepeer" in the connection string is not supported/],
      ['', { PGREQUIREPEER: 'postgres' }, /environment variable PGREQUIREPEER is not supported/],
      ['tcp_user_timeout=soon', {}, /"tcp_user_timeout" .* has a value/],
    ]
  for (const [dsn, environment, message] of refused) {
    test(`are refused where they promise something: ${dsn}${JSON.stringify(environment)}`, () => {
      expect(() => resolve(dsn, environment)).toThrow(message)
    })
  }

  test('the connection string wins over the environment', () => {
    expect(() => resolve('gssencmode=disable', { PGGSSENCMODE: 'require' })).not.toThrow()
  })
})

describe('variables for settings of the server', () => {
  const parameters = (environment: Readonly<Record<string, string>>, settings = {}) => {
    const { startupParameters } = resolveConnection('host=h user=u', { settings }, environment)
    const { user, database, client_encoding, ...rest } = startupParameters
    return rest
  }

  test('are sent at startup', () => {
    expect(parameters({ PGTZ: 'Asia/Tokyo', PGGEQO: 'off', PGDATESTYLE: 'ISO, DMY' })).toEqual({
      TimeZone: 'Asia/Tokyo',
      geqo: 'off',
      DateStyle: 'ISO, DMY',
    })
  })

  test('yield to settings, whatever their case', () => {
    expect(parameters({ PGTZ: 'Asia/Tokyo' }, { timezone: 'UTC' })).toEqual({ timezone: 'UTC' })
  })

  test('say nothing when they are "default" or empty', () => {
    expect(parameters({ PGTZ: 'Default', PGGEQO: '' })).toEqual({})
  })

  test('must leave dates readable', () => {
    expect(() => parameters({ PGDATESTYLE: 'German' })).toThrow(/PGDATESTYLE must be ISO/)
  })
})

test('fallback_application_name counts where nobody gives a name', () => {
  const name = (dsn: string, environment?: Record<string, string>) =>
    resolve(`fallback_application_name=psql ${dsn}`, environment).startupParameters[
      'application_name'
    ]
  expect(name('')).toBe('psql')
  expect(name('application_name=shop')).toBe('shop')
  expect(name('', { PGAPPNAME: 'shop' })).toBe('shop')
})
