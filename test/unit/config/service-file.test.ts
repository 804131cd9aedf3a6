import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectOptions } from '../../../src/config/connect-options.js'
import { type ConnectionConfig, resolveConnection } from '../../../src/config/resolve.js'

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-service-'))
  mkdirSync(join(root, 'etc'))
  writeFileSync(
    join(root, '.pg_service.conf'),
    [
      '# comment',
      'stray=line',
      '[shop]',
      'host=shop.test',
      '  # another comment',
      '  user=clerk  ',
      'user=ignored',
      "password='not unquoted'",
      'dbname=a=b',
      '',
      '[empty]',
      '[unknown]',
      'hots=x',
      '[spaced]',
      'host = x',
      '[bare]',
      'host',
      '[nested]',
      'service=shop',
      '[bad]',
      'port=hunter2',
      '[uri]',
      'postgresql://user:hunter2@host/db?sslmode=require',
      '[split]',
      'password=first',
      'hunter2=',
    ].join('\n'),
  )
  writeFileSync(join(root, 'other.conf'), '[shop]\nhost=other.test\r\nport=1\r\n')
  writeFileSync(join(root, 'etc/pg_service.conf'), '[system]\nhost=system.test\n[shop]\nhost=no')
})
afterAll(() => rmSync(root, { recursive: true }))

function resolve(
  dsn: string,
  environment: Readonly<Record<string, string>> = {},
  options: ConnectOptions = {},
): ConnectionConfig {
  const values = Object.entries(environment).map(([name, value]) => [
    name,
    value.replaceAll('{root}', root),
  ])
  return resolveConnection(dsn.replaceAll('{root}', root), options, {
    HOME: root,
    ...Object.fromEntries(values),
  })
}

const address = (config: ConnectionConfig) => config.hosts[0]?.address

describe('a service', () => {
  test('gives what stands in its section, as it stands there', () => {
    const config = resolve('service=shop')
    expect(address(config)).toBe('shop.test:5432')
    expect([config.user, config.password, config.database]).toEqual([
      'clerk',
      "'not unquoted'",
      'a=b',
    ])
  })

  test('may give nothing', () => {
    expect(address(resolve('service=empty host=h user=u'))).toBe('h:5432')
  })

  const sources: readonly (readonly [name: string, config: () => ConnectionConfig])[] = [
    ['the option', () => resolve('user=u', {}, { service: 'shop' })],
    ['the connection string', () => resolve('service=shop')],
    ['a URI', () => resolve('postgresql:///?service=shop')],
    ['PGSERVICE', () => resolve('', { PGSERVICE: 'shop' })],
  ]
  for (const [name, config] of sources) {
    test(`is named by ${name}`, () => expect(address(config())).toBe('shop.test:5432'))
  }

  const files: readonly (readonly [name: string, config: () => ConnectionConfig])[] = [
    ['the option', () => resolve('service=shop user=u', {}, { serviceFile: `${root}/other.conf` })],
    ['the connection string', () => resolve('service=shop user=u servicefile={root}/other.conf')],
    ['PGSERVICEFILE', () => resolve('service=shop user=u', { PGSERVICEFILE: '{root}/other.conf' })],
  ]
  for (const [name, config] of files) {
    test(`is in the file that ${name} names`, () => {
      expect(address(config())).toBe('other.test:1')
    })
  }

  const system = { PGSYSCONFDIR: '{root}/etc' }
  test("is in the file of the system, if it is not in the user's", () => {
    expect(address(resolve('service=system user=u', system))).toBe('system.test:5432')
    expect(address(resolve('service=shop', system))).toBe('shop.test:5432')
    const missing = { ...system, PGSERVICEFILE: '{root}/none' }
    expect(address(resolve('service=system user=u', missing))).toBe('system.test:5432')
  })

  test('comes behind option and connection string, before environment and default', () => {
    const environment = { PGHOST: 'env', PGUSER: 'env', PGPORT: '2' }
    const config = resolve('service=shop dbname=string', environment, { user: 'option' })
    expect(address(config)).toBe('shop.test:2')
    expect([config.user, config.database]).toEqual(['option', 'string'])
  })
})

describe('what is refused', () => {
  const cases: readonly (readonly [dsn: string, message: RegExp])[] = [
    ['service=none', /there is no service "none" in .*\.pg_service\.conf$/],
    ['service=sho', /there is no service "sho"/],
    ['service=unknown', /line 13 of .*: unknown key "hots"; did you mean "host"\?/],
    ['service=spaced', /line 15 of .*: unknown key "host "/],
    ['service=uri', /line 23 of .*: unknown key$/],
    ['service=split', /line 26 of .*: unknown key$/],
    ['service=bare', /line 17 of .* has no "="/],
    ['service=nested', /line 19 of .*: a service cannot name another/],
    ['service=bad', /"port" in the service file .*\.pg_service\.conf is not a whole number/],
    ['service=shop servicefile={root}/etc', /this is a directory: .*etc/],
  ]
  for (const [dsn, message] of cases) {
    test(dsn, () => {
      expect(() => resolve(dsn)).toThrow(message)
      expect(() => resolve(dsn)).toThrow(expect.objectContaining({ code: 'ERR_SLUICE_OPTION' }))
      expect(() => resolve(dsn)).not.toThrow(/hunter2/)
    })
  }
})
