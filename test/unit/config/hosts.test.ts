import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultFiles } from '../../../src/config/environment.js'
import { type HostInput, listHosts } from '../../../src/config/hosts.js'
import { Passfile } from '../../../src/config/passfile.js'

const BASE: HostInput = {
  hosts: ['h'],
  ports: [5432],
  tls: undefined,
  passfile: undefined,
  user: 'u',
  database: 'd',
  socketDirectories: [],
}

describe('hosts and ports', () => {
  const cases: readonly (readonly [
    hosts: readonly string[],
    ports: readonly number[],
    addresses: readonly string[],
  ])[] = [
    [['h'], [1], ['h:1']],
    [['a', 'b'], [1], ['a:1', 'b:1']],
    [
      ['a', 'b'],
      [1, 2],
      ['a:1', 'b:2'],
    ],
    [['::1'], [1], ['[::1]:1']],
    [['127.0.0.1'], [1], ['127.0.0.1:1']],
    [['/run/x'], [1], ['/run/x/.s.PGSQL.1']],
    [['/run/x/'], [1], ['/run/x/.s.PGSQL.1']],
    [
      ['a', '/s', ''],
      [1, 2, 3],
      ['a:1', '/s/.s.PGSQL.2', 'localhost:3'],
    ],
  ]
  for (const [hosts, ports, addresses] of cases) {
    test(`${hosts} and ${ports} give ${addresses}`, () => {
      const list = listHosts({ ...BASE, hosts, ports })
      expect(list.map(({ address }) => address)).toEqual(addresses)
    })
  }

  for (const ports of [[1, 2], [1, 2, 3, 4], []]) {
    test(`${ports.length} ports for 3 hosts are refused`, () => {
      expect(() => listHosts({ ...BASE, hosts: ['a', 'b', 'c'], ports })).toThrow(
        `${ports.length} ports do not fit 3 hosts`,
      )
    })
  }

  test('a socket is reached by its file, unencrypted; TCP has none', () => {
    const [socket, tcp] = listHosts({ ...BASE, hosts: ['/s', 'h'], ports: [1] })
    expect(socket).toEqual({
      address: '/s/.s.PGSQL.1',
      host: '/s',
      port: 1,
      path: '/s/.s.PGSQL.1',
      encryptions: ['plain'],
    })
    expect(tcp).not.toHaveProperty('path')
  })
})

describe('host addresses', () => {
  const reached = (hosts: readonly string[], hostAddresses: readonly string[]) =>
    listHosts({ ...BASE, hosts, ports: [1], hostAddresses }).map(
      ({ address, host, hostAddress }) => [address, host, hostAddress],
    )

  test('stand for their hosts, whose names stay', () => {
    expect(reached(['a', 'b'], ['192.0.2.1', ''])).toEqual([
      ['a:1', 'a', '192.0.2.1'],
      ['b:1', 'b', undefined],
    ])
  })

  test('alone are the hosts', () => {
    expect(reached([''], ['192.0.2.1', '::1'])).toEqual([
      ['192.0.2.1:1', '192.0.2.1', '192.0.2.1'],
      ['[::1]:1', '::1', '::1'],
    ])
  })

  test('must be as many as there are hosts', () => {
    expect(() => reached(['a', 'b'], ['192.0.2.1'])).toThrow('1 host addresses do not fit 2 hosts')
  })

  test('are what the passfile is asked for where there is no name', () => {
    const passfile = new Passfile('192.0.2.1:*:*:*:secret')
    const hosts = listHosts({ ...BASE, hosts: [''], hostAddresses: ['192.0.2.1'], passfile })
    expect(hosts[0]?.password).toBe('secret')
  })

  test('make TCP of a socket directory', () => {
    const [host] = listHosts({ ...BASE, hosts: ['/run/x'], hostAddresses: ['192.0.2.1'] })
    expect(host).not.toHaveProperty('path')
  })
})

test('a host that begins with @ is a socket in the abstract namespace', () => {
  const [host] = listHosts({ ...BASE, hosts: ['@/x'], ports: [1] })
  expect(host).toMatchObject({ address: '@/x/.s.PGSQL.1', path: '\0/x/.s.PGSQL.1' })
})

describe('the default host', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-hosts-'))
    for (const name of ['a', 'b', 'c']) mkdirSync(join(root, name))
    for (const name of ['b', 'c']) writeFileSync(join(root, name, '.s.PGSQL.1'), '')
    symlinkSync(join(root, 'b'), join(root, 'link'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  const hosts = (port: number, names: readonly string[], passfile?: Passfile) =>
    listHosts({
      ...BASE,
      hosts: [''],
      ports: [port],
      passfile,
      socketDirectories: names.map((name) => join(root, name)),
    })

  test('is each directory with a socket for the port, then localhost', () => {
    expect(hosts(1, ['a', 'b', 'c', 'none']).map(({ host }) => host)).toEqual([
      join(root, 'b'),
      join(root, 'c'),
      'localhost',
    ])
  })

  test('is a directory once, whatever links lead there', () => {
    expect(hosts(1, ['b', 'link']).map(({ host }) => host)).toEqual([join(root, 'b'), 'localhost'])
  })

  test('is localhost where there is no socket for the port', () => {
    expect(hosts(2, ['a', 'b', 'c']).map(({ host }) => host)).toEqual(['localhost'])
  })

  test('is "localhost" to the passfile', () => {
    const passfile = new Passfile('localhost:1:d:u:secret')
    expect(hosts(1, ['b'], passfile).map(({ password }) => password)).toEqual(['secret', 'secret'])
  })
})

describe('default files', () => {
  test('are in the home folder', () => {
    expect(defaultFiles({ HOME: '/home/u' }, 'linux')).toEqual({
      passfile: '/home/u/.pgpass',
      serviceFile: '/home/u/.pg_service.conf',
      rootCertificate: '/home/u/.postgresql/root.crt',
      revocationList: '/home/u/.postgresql/root.crl',
      certificate: '/home/u/.postgresql/postgresql.crt',
      key: '/home/u/.postgresql/postgresql.key',
    })
  })

  test('are in APPDATA on Windows', () => {
    const { passfile, key } = defaultFiles({ HOME: '/h', APPDATA: '/data' }, 'win32')
    expect([passfile, key]).toEqual([
      join('/data', 'postgresql', 'pgpass.conf'),
      join('/data', 'postgresql', 'postgresql.key'),
    ])
  })
})
