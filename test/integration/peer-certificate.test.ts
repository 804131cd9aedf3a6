import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, test, vi } from 'vitest'
import { CertificateAuthority } from '../../src/testing/certificates.js'
import { peerCertificate } from '../../src/transport/peer-certificate.js'

const read = (name: string) =>
  readFileSync(new URL(`../fixtures/certificates/${name}`, import.meta.url), 'utf8')

const FIXTURES = ['rsa-pss-sha512', 'ecdsa-sha512', 'ed25519'].map((name) => ({
  certificate: read(`${name}.crt`),
  key: read(`${name}.key`),
}))

/** Runs `look` on a connection to a server that shows this certificate. */
async function shown<T>(
  { certificate: cert, key }: { certificate: string; key: string },
  version: 'TLSv1.2' | 'TLSv1.3',
  look: (secured: TLSSocket) => T,
): Promise<T> {
  const server = createServer({ cert, key }, (socket) => socket.on('error', () => {}).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const secured = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
  })
  try {
    await once(secured, 'secureConnect')
    return look(secured)
  } finally {
    secured.destroy()
    server.close()
    await once(server, 'close')
  }
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: each connection has the certificate that was shown on it',
  async (version) => {
    const authority = new CertificateAuthority()
    const issued = Array.from({ length: 9 }, (_, i) => authority.issue({ commonName: `host ${i}` }))
    const all = [...FIXTURES, ...issued]
    for (const one of [...all, ...all.toReversed()]) {
      const expected = new X509Certificate(one.certificate)
      const found = await shown(one, version, (secured) => {
        const asked = vi.spyOn(secured, 'getPeerX509Certificate')
        const certificates = [peerCertificate(secured), peerCertificate(secured)]
        // Newer versions of Node.js put something before the session, so that they are asked.
        if (secured.getSession()?.[0] === 0x30) expect(asked).not.toHaveBeenCalled()
        return certificates
      })
      for (const certificate of found) expect(certificate?.raw).toEqual(expected.raw)
    }
  },
)

const unreadable = Buffer.from([0x30, 0x04, 0xa3, 0x82, 0x7f, 0xff])

test.each([
  ['gives none', () => undefined],
  [
    'has no such function',
    () => {
      throw new Error('not implemented')
    },
  ],
  ['prints sessions in another way', () => Buffer.from('something else')],
  ['prints sessions without certificates', () => Buffer.from([0x30, 0x03, 0x02, 0x01, 0x01])],
  ['prints sessions that end too early', () => unreadable],
  ['has something else before it', () => Buffer.from([0x00, 0x04, 0xa3, 0x02, 0x30, 0x00])],
  ['has something else for a certificate', () => Buffer.from([0x30, 0x04, 0xa3, 0x02, 0x30, 0x00])],
  ['has something behind it', () => Buffer.from([0x30, 0x04, 0xa3, 0x02, 0x30, 0x00, 0x00])],
  ['prints nothing', () => Buffer.alloc(0)],
])(
  'where the session %s, the certificate is asked for, as often as needed',
  async (_name, getSession) => {
    for (const one of FIXTURES) {
      const found = await shown(one, 'TLSv1.3', (secured) => {
        secured.getSession = getSession as TLSSocket['getSession']
        return [peerCertificate(secured), peerCertificate(secured)]
      })
      const { raw } = new X509Certificate(one.certificate)
      for (const certificate of found) expect(certificate?.raw).toEqual(raw)
    }
  },
)
