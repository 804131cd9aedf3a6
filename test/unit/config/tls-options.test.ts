import { createPrivateKey } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ConnectionConfig, resolveConnection } from '../../../src/config/resolve.js'
import type { TlsConfig } from '../../../src/config/resolve-tls.js'
import type { SslOptions } from '../../../src/config/tls-options.js'
import { CERTIFICATE, ENCRYPTED_KEY, KEY, OTHER_KEY, PASSPHRASE } from './certificates.js'

let root: string
/** Homes without and with the files that libpq looks for. */
let bareHome: string
let fullHome: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
  bareHome = join(root, 'bare')
  fullHome = join(root, 'full')
  mkdirSync(bareHome)
  mkdirSync(join(fullHome, '.postgresql'), { recursive: true })
  writeFileSync(join(fullHome, '.postgresql/root.crt'), CERTIFICATE)
  writeFileSync(join(fullHome, '.postgresql/postgresql.crt'), CERTIFICATE)
  writeFileSync(join(fullHome, '.postgresql/postgresql.key'), KEY)
  writeFileSync(join(root, 'ca.pem'), `comment\n${CERTIFICATE}${CERTIFICATE}`)
  writeFileSync(join(root, 'cert.pem'), CERTIFICATE)
  writeFileSync(join(root, 'key.pem'), KEY)
  writeFileSync(join(root, 'encrypted.pem'), ENCRYPTED_KEY)
  writeFileSync(join(root, 'other.pem'), OTHER_KEY)
  writeFileSync(join(root, 'empty.pem'), '')
  writeFileSync(join(root, 'broken.pem'), CERTIFICATE.replace(/MII/, 'AAA'))
  writeFileSync(join(root, 'broken-key.pem'), KEY.replace(/\nMI/, '\nAA'))
  const der = createPrivateKey(KEY).export({ type: 'pkcs8', format: 'der' })
  writeFileSync(join(root, 'key.der'), der)
  writeFileSync(join(root, 'bad.der'), der.subarray(1))
  const keys = ['key.pem', 'encrypted.pem', 'other.pem', 'broken-key.pem', 'key.der', 'bad.der']
  for (const key of [...keys, 'full/.postgresql/postgresql.key']) chmodSync(join(root, key), 0o600)
  writeFileSync(join(root, 'open.pem'), KEY, { mode: 0o644 })
})
afterAll(() => rmSync(root, { recursive: true }))

interface Given {
  readonly dsn?: string
  readonly ssl?: boolean | string | SslOptions
  readonly environment?: Readonly<Record<string, string>>
  readonly home?: 'bare' | 'full'
}

function resolve({ dsn = '', ssl, environment, home = 'bare' }: Given): ConnectionConfig {
  const paths = dsn.replaceAll('{root}', root)
  return resolveConnection(
    `host=h user=u ${paths}`,
    { ssl: ssl as SslOptions },
    { HOME: home === 'full' ? fullHome : bareHome, ...environment },
  )
}

describe('mode and root certificates', () => {
  const cases: readonly (readonly [
    given: Given,
    mode: TlsConfig['mode'] | undefined,
    ca: 'none' | 'given',
  ])[] = [
    [{}, 'prefer', 'none'],
    [{ home: 'full' }, 'prefer', 'none'],
    [{ dsn: 'sslmode=disable' }, undefined, 'none'],
    [{ dsn: 'sslmode=allow' }, 'allow', 'none'],
    [{ dsn: 'sslmode=prefer' }, 'prefer', 'none'],
    [{ dsn: 'sslmode=require' }, 'require', 'none'],
    [{ dsn: 'sslmode=require', home: 'full' }, 'verify-ca', 'given'],
    [{ dsn: 'sslmode=require sslrootcert={root}/ca.pem' }, 'verify-ca', 'given'],
    [{ dsn: 'sslmode=prefer sslrootcert={root}/ca.pem' }, 'prefer', 'none'],
    [{ dsn: 'sslmode=verify-ca', home: 'full' }, 'verify-ca', 'given'],
    [{ dsn: 'sslmode=verify-full', home: 'full' }, 'verify-full', 'given'],
    [{ dsn: 'sslmode=verify-full sslrootcert={root}/ca.pem' }, 'verify-full', 'given'],
    [{ dsn: 'sslrootcert=system' }, 'verify-full', 'none'],
    [{ dsn: 'sslrootcert=system', home: 'full' }, 'verify-full', 'none'],
    [{ dsn: 'sslmode=verify-full sslrootcert=system' }, 'verify-full', 'none'],
    [{ dsn: 'sslmode=disable sslrootcert={root}/none.pem' }, undefined, 'none'],
    [{ environment: { PGSSLMODE: 'require' } }, 'require', 'none'],
    [{ dsn: 'sslmode=prefer', environment: { PGSSLMODE: 'require' } }, 'prefer', 'none'],
    [{ ssl: 'require' }, 'require', 'none'],
    [{ ssl: 'require', dsn: 'sslmode=disable' }, 'require', 'none'],
    [{ ssl: true }, 'verify-full', 'none'],
    [{ ssl: true, home: 'full' }, 'verify-full', 'given'],
    [{ ssl: true, dsn: 'sslmode=disable' }, 'verify-full', 'none'],
    [{ ssl: false, dsn: 'sslmode=require' }, undefined, 'none'],
    [{ ssl: false, dsn: 'sslnegotiation=direct' }, undefined, 'none'],
    [{ ssl: { mode: 'disable' }, environment: { PGSSLROOTCERT: 'system' } }, undefined, 'none'],
    [{ ssl: {} }, 'verify-full', 'none'],
    [{ ssl: {}, dsn: 'sslmode=verify-full' }, 'verify-full', 'none'],
    [{ ssl: { ca: CERTIFICATE } }, 'verify-full', 'given'],
    [{ ssl: { ca: Buffer.from(CERTIFICATE) } }, 'verify-full', 'given'],
    [{ ssl: { ca: [CERTIFICATE, CERTIFICATE] } }, 'verify-full', 'given'],
    [{ ssl: { ca: CERTIFICATE }, dsn: 'sslmode=require' }, 'verify-ca', 'given'],
    [{ ssl: { mode: 'require', ca: CERTIFICATE } }, 'verify-ca', 'given'],
    [{ ssl: { mode: 'verify-full', ca: 'system' } }, 'verify-full', 'none'],
    [{ ssl: { ca: 'system' }, home: 'full' }, 'verify-full', 'none'],
  ]
  for (const [given, mode, ca] of cases) {
    test(`${JSON.stringify(given).slice(0, 90)}: ${mode ?? 'no TLS'}, root certificates ${ca}`, () => {
      const { tls } = resolve(given)
      expect(tls?.mode).toBe(mode)
      expect(tls?.material().ca === undefined ? 'none' : 'given').toBe(ca)
    })
  }

  test('on unix sockets there is no TLS, and no file is read for it', () => {
    const { tls } = resolveConnection('host=/s user=u sslmode=verify-full', {}, { HOME: bareHome })
    expect(tls).toBeUndefined()
  })
})

describe('the order of encryptions', () => {
  const cases: readonly (readonly [mode: string, encryptions: readonly string[]])[] = [
    ['disable', ['plain']],
    ['allow', ['plain', 'tls']],
    ['prefer', ['tls-if-offered', 'plain']],
    ['require', ['tls']],
  ]
  for (const [mode, encryptions] of cases) {
    test(`${mode}: ${encryptions.join(', then ')}`, () => {
      expect(resolve({ ssl: mode }).hosts[0]?.encryptions).toEqual(encryptions)
    })
  }
})

describe('client certificates', () => {
  const cases: readonly (readonly [name: string, given: Given])[] = [
    ['PEM', { ssl: { mode: 'require', cert: CERTIFICATE, key: KEY } }],
    ['files', { dsn: 'sslcert={root}/cert.pem sslkey={root}/key.pem' }],
    ['the default files', { home: 'full' }],
    ['files, the default key', { dsn: 'sslcert={root}/cert.pem', home: 'full' }],
  ]
  for (const [name, given] of cases) {
    test(`${name}`, () => {
      const tls = resolve(given).tls?.material()
      expect([tls?.cert, tls?.key, tls?.passphrase]).toEqual([CERTIFICATE, KEY, undefined])
    })
  }

  test('an encrypted key and its passphrase', () => {
    const dsn = `sslcert={root}/cert.pem sslkey={root}/encrypted.pem sslpassword='${PASSPHRASE}'`
    const tls = resolve({ dsn }).tls?.material()
    expect([tls?.key, tls?.passphrase]).toEqual([ENCRYPTED_KEY, PASSPHRASE])
  })

  test('keys and passphrases show in no inspection and no JSON', () => {
    const { tls } = resolve({
      ssl: { cert: CERTIFICATE, key: ENCRYPTED_KEY, passphrase: PASSPHRASE },
    })
    const material = tls?.material()
    const seen = [tls, material].map(
      (each) => inspect(each, { showHidden: true }) + JSON.stringify(each),
    )
    expect(seen.join()).toContain('verify-full')
    expect(material?.key).toBe(ENCRYPTED_KEY)
    expect(seen.join()).not.toContain(PASSPHRASE)
    expect(seen.join()).not.toContain('PRIVATE KEY')
  })

  test('a key in DER', () => {
    const tls = resolve({ dsn: 'sslcert={root}/cert.pem sslkey={root}/key.der' }).tls?.material()
    expect(tls?.key).toBe(KEY)
  })

  test('sslcertmode disable leaves them unread', () => {
    const { tls } = resolve({ dsn: 'sslcertmode=disable sslcert={root}/none.pem', home: 'full' })
    expect(tls?.material()).toMatchObject({ cert: undefined, key: undefined })
  })

  test('sslcertmode require demands one', () => {
    const { tls } = resolve({ dsn: 'sslcertmode=require', home: 'full' })
    expect(tls?.material().cert).toBe(CERTIFICATE)
    expect(() => resolve({ dsn: 'sslcertmode=require' })).toThrow(
      /sslcertmode "require" is given without ssl\.cert/,
    )
  })
})

test('PGREQUIRESSL, which came before sslmode, is still heard', () => {
  const environment = { PGREQUIRESSL: '1' }
  expect(resolve({ environment }).tls?.mode).toBe('require')
  expect(resolve({ environment, dsn: 'sslmode=prefer' }).tls?.mode).toBe('prefer')
  expect(resolve({ environment: { PGREQUIRESSL: '0' } }).tls?.mode).toBe('prefer')
})

test('the other members pass through, with their defaults', () => {
  const given = { servername: 'db', maxVersion: 'TLSv1.3', negotiation: 'direct' } as const
  expect(resolve({ ssl: given }).tls).toMatchObject({ ...given, minVersion: 'TLSv1.2' })
  expect(resolve({}).tls).toMatchObject({ negotiation: 'postgres', minVersion: 'TLSv1.2' })
  expect(resolve({}).tls).toMatchObject({ sni: true, maxVersion: undefined })
  expect(resolve({ dsn: 'sslsni=0' }).tls?.sni).toBe(false)
  expect(resolve({ environment: { PGSSLSNI: '0' } }).tls?.sni).toBe(false)
  const dsn = 'ssl_min_protocol_version=tlsv1.3 sslmode=require sslnegotiation=direct'
  expect(resolve({ dsn }).tls).toMatchObject({ minVersion: 'TLSv1.3', negotiation: 'direct' })
})

describe('what is refused, before any connection', () => {
  const cases: readonly (readonly [given: Given, message: RegExp])[] = [
    [
      { dsn: 'sslmode=verify-ca' },
      /sslmode "verify-ca" needs a root certificate and there is no .*bare.\.postgresql.root\.crt/,
    ],
    [{ ssl: 'verify-full' }, /sslmode "verify-full" needs a root certificate/],
    [{ ssl: { mode: 'verify-full' } }, /sslmode "verify-full" needs a root certificate/],
    [{ ssl: {}, dsn: 'sslmode=verify-ca' }, /sslmode "verify-ca" needs a root certificate/],
    [
      { ssl: { sni: false }, environment: { PGSSLMODE: 'verify-ca' } },
      /sslmode "verify-ca" needs a root certificate/,
    ],
    [
      { dsn: 'sslmode=require sslrootcert=system' },
      /sslmode "require" is too weak for sslrootcert "system"/,
    ],
    [
      { dsn: 'sslnegotiation=direct' },
      /sslnegotiation "direct" needs sslmode require or stronger, not "prefer"/,
    ],
    [{ dsn: 'sslnegotiation=direct sslmode=disable' }, /not "disable"/],
    [{ ssl: { negotiation: 'direct', mode: 'allow' } }, /not "allow"/],
    [
      { ssl: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } },
      /ssl\.minVersion "TLSv1\.3" is above/,
    ],
    [{ dsn: 'sslmode=verify' }, /"sslmode" in the connection string must be one of "disable"/],
    [{ environment: { PGSSLMODE: 'on' } }, /environment variable PGSSLMODE must be one of/],
    [{ environment: { PGSSLNEGOTIATION: 'tls' } }, /environment variable PGSSLNEGOTIATION must be/],
    [{ ssl: 'no-verify' }, /option "ssl" must be one of/],
    [
      { ssl: { rejectUnauthorized: false } as SslOptions },
      /unknown option "ssl\.rejectUnauthorized"/,
    ],
    [
      { ssl: { sslmode: 'require' } as SslOptions },
      /unknown option "ssl\.sslmode"; did you mean "mode"\?/,
    ],
    [{ ssl: { minVersion: '1.2' as 'TLSv1.2' } }, /option "ssl\.minVersion" must be one of/],
    [
      { dsn: 'sslrootcert={root}/none.pem' },
      /"sslrootcert" in the connection string: there is no such file: .*none\.pem/,
    ],
    [
      { environment: { PGSSLROOTCERT: '/' } },
      /environment variable PGSSLROOTCERT: this is a directory: \//,
    ],
    [{ dsn: 'sslrootcert={root}/empty.pem' }, /there is no PEM certificate in it: .*empty\.pem/],
    [{ dsn: 'sslrootcert={root}/key.pem' }, /there is no PEM certificate in it/],
    [{ dsn: 'sslrootcert={root}/broken.pem' }, /certificate 1 is malformed: .*broken\.pem/],
    [{ ssl: { ca: '/etc/ca.pem' } }, /option "ssl\.ca" must be PEM text/],
    [
      { ssl: { ca: 1 as unknown as string } },
      /option "ssl\.ca" must be PEM, as a string or as bytes, not a number/,
    ],
    [
      { dsn: 'sslcert={root}/cert.pem' },
      /"sslcert" in the connection string is given without ssl\.key/,
    ],
    [
      { dsn: 'sslkey={root}/key.pem' },
      /"sslkey" in the connection string is given without ssl\.cert/,
    ],
    [
      { ssl: { cert: CERTIFICATE, key: OTHER_KEY } },
      /option "ssl\.key" is not the key of the certificate/,
    ],
    [
      { dsn: 'sslcert={root}/cert.pem sslkey={root}/other.pem' },
      /"sslkey" in the connection string is not the key/,
    ],
    [
      { ssl: { cert: CERTIFICATE, key: CERTIFICATE } },
      /option "ssl\.key": there is no PEM private key/,
    ],
    [
      { dsn: 'sslcert={root}/cert.pem sslkey={root}/broken-key.pem' },
      /the private key is malformed: .*broken-key/,
    ],
    [
      { dsn: 'sslcert={root}/cert.pem sslkey={root}/bad.der' },
      /there is no PEM private key in it: .*bad\.der/,
    ],
    [
      { dsn: 'sslcert={root}/cert.pem sslkey={root}/open.pem' },
      /others than its owner have access to the private key: use chmod 0600.*open\.pem/,
    ],
    [{ dsn: 'sslcert={root}/cert.pem sslkey={root}' }, /"sslkey" .*: this is a directory: /],
    [{ dsn: 'sslcert={root}/cert.pem sslkey=/dev/null' }, /the private key is not a plain file/],
    [{ dsn: 'sslcrl={root}/ca.pem' }, /no PEM certificate revocation list in it: .*ca\.pem/],
    [{ dsn: 'sslcrldir={root}/none' }, /"sslcrldir" .*there is no such file: .*none/],
    [
      { dsn: 'sslcrldir={root}/bare' },
      /there is no file \*\.r0 with a certificate revocation list/,
    ],
    [{ environment: { PGSSLCERTMODE: 'maybe' } }, /PGSSLCERTMODE must be one of "disable"/],
    [
      { ssl: { cert: CERTIFICATE, key: ENCRYPTED_KEY } },
      /encrypted and there is no ssl\.passphrase/,
    ],
    [
      { ssl: { cert: CERTIFICATE, key: ENCRYPTED_KEY, passphrase: 'wrong' } },
      /cannot be opened with this ssl\.passphrase/,
    ],
  ]
  for (const [given, message] of cases) {
    test(String(message), () => {
      expect(() => resolve(given)).toThrow(message)
      expect(() => resolve(given)).toThrow(expect.objectContaining({ code: 'ERR_SLUICE_OPTION' }))
    })
  }

  test('no error shows a key or a passphrase', () => {
    const ssl = { cert: CERTIFICATE, key: ENCRYPTED_KEY, passphrase: 'swordfish' }
    try {
      resolve({ ssl })
      expect.unreachable()
    } catch (error) {
      const seen = inspect(error, { showHidden: true, depth: 9 })
      expect(seen).toContain('ssl.passphrase')
      expect(seen).not.toMatch(/swordfish|BEGIN/)
    }
  })
})
