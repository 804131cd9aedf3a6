import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, createPool, type SslOptions } from '../../src/index.js'
import { CertificateAuthority, type CertificateWithKey } from '../../src/testing/index.js'
import type { Peer, ScriptedServer } from '../support/scripted-server.js'
import { testServer } from '../support/server.js'
import { acceptTls } from '../support/tls-server.js'
import { becomeReady, failureOf, leaveNothingBehind, open, PASSWORD, start } from './hostile.js'

leaveNothingBehind()

const authority = new CertificateAuthority()
const stranger = new CertificateAuthority('stranger')
const good = authority.issue({ commonName: 'db', hosts: ['db.test', '127.0.0.1'] })

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-verify-'))
})
afterAll(() => rmSync(root, { recursive: true }))

type TlsPeer = Awaited<ReturnType<typeof acceptTls>>

/** A server that agrees to TLS, and what goes on behind it. */
function startTls(
  certificate: CertificateWithKey,
  serve: (secured: TlsPeer) => void | Promise<void> = () => {},
  options?: Parameters<typeof acceptTls>[2],
): Promise<ScriptedServer> {
  return start(async (peer) => {
    await sslRequest(peer)
    await serve(await acceptTls(peer, certificate, options))
  })
}

/** Reads SSLRequest and says yes, leaving the socket to TLS. */
async function sslRequest(peer: Peer): Promise<void> {
  await peer.listen().read('SSLRequest')
  peer.socket.removeAllListeners('data')
  peer.send('S')
}

describe('a certificate that is refused, before anything is said', () => {
  const anHourAgo = new Date(Date.now() - 3_600_000)
  const cases: readonly (readonly [
    name: string,
    certificate: CertificateWithKey,
    ssl: SslOptions,
    message: RegExp,
  ])[] = [
    [
      'expired',
      authority.issue({ commonName: 'db', hosts: ['127.0.0.1'], notAfter: anHourAgo }),
      {},
      /certificate has expired/,
    ],
    [
      'not yet valid',
      authority.issue({
        commonName: 'db',
        hosts: ['127.0.0.1'],
        notBefore: new Date(Date.now() + 86_400_000),
      }),
      {},
      /not yet valid/,
    ],
    [
      'of an unknown authority',
      stranger.issue({ commonName: 'db', hosts: ['127.0.0.1'] }),
      {},
      /unable to verify|unable to get local issuer|self-signed/,
    ],
    [
      'of an unknown authority, with verify-ca',
      stranger.issue({ commonName: 'db', hosts: ['127.0.0.1'] }),
      { mode: 'verify-ca' },
      /unable to verify|unable to get local issuer|self-signed/,
    ],
    [
      'for another name',
      authority.issue({ commonName: '127.0.0.1', hosts: ['other.test'] }),
      {},
      /does not match/,
    ],
    ['for another name than the one asked for', good, { servername: 'db.example' }, /db\.example/],
    ['for no address of a zone', good, { servername: 'fe80::1%eth0' }, /fe80::1/],
    [
      "a client's",
      authority.issue({ commonName: 'db', hosts: ['127.0.0.1'], usage: 'client' }),
      {},
      /purpose/,
    ],
    ['revoked', good, { crl: authority.revocationList([good.certificate]) }, /revoked/],
    [
      'under no revocation list',
      good,
      { crl: stranger.revocationList() },
      /unable to get certificate CRL/,
    ],
  ]
  for (const [name, certificate, ssl, message] of cases) {
    test(`${name}: refused`, async () => {
      const heard: string[] = []
      const server = await startTls(certificate, async ({ peer }) => {
        peer.socket.on('data', (chunk) => heard.push(String(chunk)))
      })
      const failure = await failureOf(server, {
        ssl: { mode: 'verify-full', ca: authority.certificate, ...ssl },
      })
      expect(failure).toMatchObject({ name: 'TlsError', phase: 'tls' })
      expect(failure.message).toMatch(message)
      expect(failure.message).toContain(`127.0.0.1:${server.port}`)
      expect(heard).toEqual([])
    })
  }
})

/** Lets a client in, and remembers what TLS knows of it. */
function welcome(seen: TlsPeer[] = []): (secured: TlsPeer) => Promise<void> {
  return async (secured) => {
    seen.push(secured)
    await becomeReady(secured.peer.listen())
    await secured.peer.read('Terminate')
    secured.peer.socket.end()
  }
}

describe('what is accepted', () => {
  test('a certificate that is on no list', async () => {
    const server = await startTls(good, welcome())
    const crl = authority.revocationList([authority.issue({ commonName: 'x' }).certificate])
    const connection = await open(server, { ssl: { ca: authority.certificate, crl } })
    expect(connection.isEncrypted).toBe(true)
    await connection.close()
  })

  const named: readonly (readonly [string, CertificateWithKey, string])[] = [
    [
      'a name behind a wildcard',
      authority.issue({ commonName: 'x', hosts: ['*.db.test'] }),
      'a.db.test',
    ],
    [
      'a common name where there is no other',
      authority.issue({ commonName: 'db.test' }),
      'db.test',
    ],
    ['a name in capitals', good, 'DB.test'],
    ['an address', good, '127.0.0.1'],
    [
      'an address of a zone',
      authority.issue({ commonName: 'x', hosts: ['fe80::1'] }),
      'fe80::1%eth0',
    ],
  ]
  for (const [name, certificate, servername] of named) {
    test(`${name}, with verify-full`, async () => {
      const server = await startTls(certificate, welcome())
      const ssl = { mode: 'verify-full', ca: authority.certificate, servername } as const
      await (await open(server, { ssl })).close()
    })
  }

  test('another name, with verify-ca', async () => {
    const other = authority.issue({ commonName: 'x', hosts: ['x.test'] })
    const server = await startTls(other, welcome())
    const connection = await open(server, {
      ssl: { mode: 'verify-ca', ca: authority.certificate },
    })
    await connection.close()
  })

  test('require without a root certificate proves nothing', async () => {
    const server = await startTls(stranger.issue({ commonName: 'x' }), welcome())
    const connection = await open(server, { ssl: 'require' })
    expect(connection.isEncrypted).toBe(true)
    await connection.close()
  })

  test('require with a root certificate verifies as verify-ca', async () => {
    const server = await startTls(stranger.issue({ commonName: 'x' }))
    const ssl = { mode: 'require', ca: authority.certificate } as const
    expect(await failureOf(server, { ssl })).toMatchObject({ name: 'TlsError' })
  })
})

describe('SNI', () => {
  const cases: readonly (readonly [string, string | undefined, boolean, unknown])[] = [
    ['a host name is sent', 'db.test', true, 'db.test'],
    ['not with sslsni off', 'db.test', false, undefined],
    ['an address never is', undefined, true, undefined],
  ]
  for (const [name, servername, sni, expected] of cases) {
    test(name, async () => {
      const names: unknown[] = []
      const server = await startTls(good, welcome(), {
        SNICallback: (given, done) => {
          names.push(given)
          done(null)
        },
      })
      const ssl = { mode: 'verify-full', ca: authority.certificate, servername, sni } as const
      const connection = await open(server, { ssl })
      expect(names).toEqual(expected === undefined ? [] : [expected])
      await connection.close()
    })
  }
})

describe('versions of TLS', () => {
  test('the highest allowed is spoken', async () => {
    const seen: TlsPeer[] = []
    const server = await startTls(good, welcome(seen))
    const connection = await open(server, { ssl: { mode: 'require', maxVersion: 'TLSv1.2' } })
    expect(seen[0]?.socket.getProtocol()).toBe('TLSv1.2')
    await connection.close()
  })

  test('a server below the lowest is refused', async () => {
    const server = await startTls(good, welcome(), { maxVersion: 'TLSv1.2' })
    const failure = await failureOf(server, { ssl: { mode: 'require', minVersion: 'TLSv1.3' } })
    expect(failure).toMatchObject({ name: 'TlsError' })
    expect(failure.message).toMatch(/version/)
  })
})

test('ALPN names the protocol, and direct TLS demands the answer', async () => {
  const seen: TlsPeer[] = []
  const direct = (ALPNProtocols: string[]) =>
    start(async (peer) => {
      peer.socket.removeAllListeners('data')
      await welcome(seen)(await acceptTls(peer, good, { ALPNProtocols }))
    })
  const ssl = { mode: 'require', negotiation: 'direct' } as const
  const connection = await open(await direct(['postgresql']), { ssl })
  expect(seen[0]?.socket.alpnProtocol).toBe('postgresql')
  await connection.close()

  const silent = await start(async (peer) => {
    peer.socket.removeAllListeners('data')
    await acceptTls(peer, good)
  })
  const failure = await failureOf(silent, { ssl })
  expect(failure.message).toMatch(/did not agree to speak PostgreSQL/)
})

test('the key log has the secrets of the session', async () => {
  const server = await startTls(good, welcome())
  const keyLogFile = join(root, 'keys.log')
  const connection = await open(server, { ssl: { mode: 'require', keyLogFile } })
  await connection.close()
  expect(readFileSync(keyLogFile, 'utf8')).toMatch(/^CLIENT_TRAFFIC_SECRET_0 [0-9a-f]{64} /m)
  expect(statSync(keyLogFile).mode & 0o777).toBe(0o600)
})

describe('an error in clear text', () => {
  test('is not shown, and the password is not said', async () => {
    const server = await start(async (peer) => {
      await peer.listen().read('SSLRequest')
      peer.send('E\0\0\0\x20SFATAL\0Mreboot and call 555-0100\0\0')
    })
    const failure = await failureOf(server, { ssl: 'require' })
    expect(failure).toMatchObject({ name: 'TlsError' })
    expect(failure.message).not.toMatch(/555/)
    expect(failure.message).not.toContain(PASSWORD)
  })
})

describe('client certificates', () => {
  test('are shown unless sslcertmode is disable', async () => {
    const client = authority.issue({ commonName: 'app', usage: 'client' })
    const names: unknown[] = []
    const asking = { requestCert: true, rejectUnauthorized: false, ca: authority.certificate }
    const serve = (secured: TlsPeer) => {
      names.push(secured.socket.getPeerCertificate().subject?.CN)
      return welcome()(secured)
    }
    const server = await startTls(good, serve, asking)
    for (const certMode of ['allow', 'disable', 'require'] as const) {
      const ssl = { mode: 'require', cert: client.certificate, key: client.key, certMode } as const
      await (await open(server, { ssl })).close()
    }
    expect(names).toEqual(['app', undefined, 'app'])
  })

  test('that are replaced are those of new connections of a living pool', async ({ skip }) => {
    const server = await testServer()
    const { certificates } = server.description
    skip(certificates === undefined, 'the server has no TLS')
    if (certificates === undefined) return
    const [cert, key] = [join(root, 'rotating.crt'), join(root, 'rotating.key')]
    const install = (from: CertificateWithKey) => {
      writeFileSync(key, from.key, { mode: 0o600 })
      writeFileSync(cert, from.certificate)
    }
    const trusted = {
      certificate: readFileSync(certificates.certificate, 'utf8'),
      key: readFileSync(certificates.key, 'utf8'),
    }
    install(trusted)
    const dsn = server.dsn({
      auth: 'cert',
      sslmode: 'require',
      parameters: { sslcert: cert, sslkey: key },
    })
    await using pool = await createPool(dsn, { minSize: 0, maxSize: 4 })
    await using first = await pool.acquire()
    const role = await first.fetchval<string>('select current_user')
    expect(role).toBe(server.description.roles.byMethod.cert?.user)

    // A certificate that the server does not trust: only its new connections are refused.
    install(stranger.issue({ commonName: role ?? '', usage: 'client' }))
    await expect(connect(dsn)).rejects.toThrow()
    const refused = pool.acquire({ timeout: 500 })
    await expect(refused).rejects.toMatchObject({
      name: 'PoolTimeoutError',
      cause: { name: expect.stringMatching(/^(Tls|ConnectionClosed)Error$/) },
    })
    install(trusted)
    await using second = await pool.acquire()
    expect(await second.fetchval('select current_user')).toBe(role)
    expect(await first.fetchval('select 1')).toBe(1)
  })
})
