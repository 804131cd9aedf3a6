import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectionConfig, resolveConnection } from '../../../src/config/resolve.js'
import type { SslOptions } from '../../../src/config/tls-options.js'
import { CertificateAuthority } from '../../../src/testing/certificates.js'
import { CERTIFICATE, KEY } from './certificates.js'

const LIST = new CertificateAuthority().revocationList()

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-material-'))
  writeFileSync(join(root, 'ca.pem'), CERTIFICATE)
  writeFileSync(join(root, 'list.crl'), LIST)
  mkdirSync(join(root, 'lists'))
  writeFileSync(join(root, 'lists/1234abcd.r0'), LIST + LIST)
  writeFileSync(join(root, 'lists/README'), 'no list')
  symlinkSync(join(root, 'nowhere'), join(root, 'link'))
})
afterAll(() => rmSync(root, { recursive: true }))

interface Given {
  readonly dsn?: string
  readonly ssl?: SslOptions
}

function resolve({ dsn = '', ssl }: Given): ConnectionConfig {
  return resolveConnection(
    `host=h user=u ${dsn.replaceAll('{root}', root)}`,
    { ssl },
    { HOME: root },
  )
}

describe('revocation lists', () => {
  const cases: readonly (readonly [name: string, given: Given, count: number])[] = [
    ['a file', { dsn: 'sslrootcert={root}/ca.pem sslmode=verify-ca sslcrl={root}/list.crl' }, 1],
    ['a folder', { dsn: 'sslrootcert={root}/ca.pem sslmode=require sslcrldir={root}/lists' }, 2],
    ['both', { dsn: 'sslrootcert=system sslcrl={root}/list.crl sslcrldir={root}/lists' }, 3],
    ['PEM', { ssl: { ca: CERTIFICATE, crl: LIST } }, 1],
    ['none where nothing is verified', { dsn: 'sslmode=require sslcrl={root}/list.crl' }, 0],
  ]
  for (const [name, given, count] of cases) {
    test(name, () => expect(resolve(given).tls?.material().crl).toHaveLength(count))
  }
})

describe('files that change', () => {
  const material = (name: string) => {
    const dsn = `sslmode=require sslcert={root}/${name}.crt sslkey={root}/${name}.key`
    const { tls } = resolve({ dsn })
    return () => tls?.material()
  }
  const write = (name: string, { certificate, key }: { certificate?: string; key?: string }) => {
    if (certificate !== undefined) writeFileSync(join(root, `${name}.crt`), certificate)
    if (key !== undefined) writeFileSync(join(root, `${name}.key`), key, { mode: 0o600 })
  }
  const authority = new CertificateAuthority()
  const fresh = authority.issue({ commonName: 'fresh, and of another length', usage: 'client' })

  test('are not read again as long as they do not', () => {
    write('same', { certificate: CERTIFICATE, key: KEY })
    const current = material('same')
    expect(current()).toBe(current())
  })

  test('are read again, and one without the other is not used', async () => {
    write('turn', { certificate: CERTIFICATE, key: KEY })
    const current = material('turn')
    const before = current()
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    write('turn', { certificate: fresh.certificate })
    expect(current()).toBe(before)
    expect(await warned).toMatchObject({
      name: 'SluiceWarning',
      message: expect.stringMatching(/not used yet: .*is not the key of the certificate/),
    })
    expect(current()).toBe(before)
    write('turn', { key: fresh.key })
    expect(current()).toMatchObject({ cert: fresh.certificate })
    expect(current()?.key).toBe(fresh.key)
  })

  test('may vanish', async () => {
    write('gone', { certificate: CERTIFICATE, key: KEY })
    const current = material('gone')
    const before = current()
    const warned = new Promise((resolve) => process.once('warning', resolve))
    rmSync(join(root, 'gone.crt'))
    expect(current()).toBe(before)
    expect(await warned).toMatchObject({ message: expect.stringContaining('no such file') })
  })
})

describe('the key log file', () => {
  test('is made at once, for its owner alone, and appended to', () => {
    const { tls } = resolve({ dsn: 'sslkeylogfile={root}/keys.log' })
    const path = join(root, 'keys.log')
    expect(statSync(path)).toMatchObject({ size: 0 })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    tls?.keyLog?.(Buffer.from('one\n'))
    tls?.keyLog?.(Buffer.from('two\n'))
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
    rmSync(path)
    mkdirSync(path)
    expect(() => tls?.keyLog?.(Buffer.from('three\n'))).not.toThrow()
    expect(readdirSync(path)).toEqual([])
  })

  test('that is a link or in no folder is refused', () => {
    const wrong = (path: string) => () => resolve({ dsn: `sslkeylogfile={root}/${path}` })
    expect(wrong('link')).toThrow(/"sslkeylogfile" in the connection string: .*link/)
    expect(wrong('none/keys.log')).toThrow(/there is no such file: .*keys\.log/)
  })
})
