import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AttemptInput, listAttempts } from '../../../src/config/attempts.js'
import { defaultFiles } from '../../../src/config/environment.js'
import { Passfile } from '../../../src/config/passfile.js'

const BASE: AttemptInput = {
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
      const attempts = listAttempts({ ...BASE, hosts, ports })
      expect(attempts.map(({ address }) => address)).toEqual(addresses)
    })
  }

  for (const ports of [[1, 2], [1, 2, 3, 4], []]) {
    test(`${ports.length} ports for 3 hosts are refused`, () => {
      expect(() => listAttempts({ ...BASE, hosts: ['a', 'b', 'c'], ports })).toThrow(
        `${ports.length} ports do not fit 3 hosts`,
      )
    })
  }

  test('a socket is reached by its file, unencrypted; TCP has none', () => {
    const [socket, tcp] = listAttempts({ ...BASE, hosts: ['/s', 'h'], ports: [1] })
    expect(socket).toEqual({
      address: '/s/.s.PGSQL.1',
      host: '/s',
      port: 1,
      path: '/s/.s.PGSQL.1',
      encryption: 'plain',
      fallback: false,
    })
    expect(tcp).not.toHaveProperty('path')
  })
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
    listAttempts({
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
      rootCertificate: '/home/u/.postgresql/root.crt',
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
