import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CertificateAuthority } from '../../src/testing/index.js'

const DAY_MS = 86_400_000
const authority = new CertificateAuthority('an authority')
const root = new X509Certificate(authority.certificate)

describe('the authority', () => {
  test('is one, and signs itself', () => {
    expect(root.ca).toBe(true)
    expect(root.subject).toBe('CN=an authority')
    expect(root.verify(root.publicKey)).toBe(true)
  })
})

describe('a server certificate', () => {
  const hosts = ['db.test', '*.db.test', '127.0.0.1', '::1', '2001:db8::5:0:7', '::ffff:10.1.2.3']
  const issued = authority.issue({ commonName: 'a server', hosts })
  const certificate = new X509Certificate(issued.certificate)

  test('is signed by the authority and none itself', () => {
    expect(certificate.checkIssued(root)).toBe(true)
    expect(certificate.verify(root.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.subject).toBe('CN=a server')
  })

  test('belongs to its key', () => {
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true)
  })

  test.each([
    ['db.test', 'db.test'],
    ['a.db.test', '*.db.test'],
    ['other.test', undefined],
  ])('checked for host %s gives %s', (host, match) => {
    expect(certificate.checkHost(host)).toBe(match)
  })

  test.each(['127.0.0.1', '::1', '2001:db8:0:0:0:5:0:7', '::ffff:10.1.2.3'])(
    'is good for address %s',
    (address) => {
      expect(certificate.checkIP(address)).toBe(address)
    },
  )

  test('is not good for another address', () => {
    expect(certificate.checkIP('127.0.0.2')).toBeUndefined()
  })

  test('proves a server and nothing else', () => {
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })
})

test('a client certificate proves a client', () => {
  const { certificate } = authority.issue({ commonName: 'a_role', usage: 'client' })
  const { subject, keyUsage } = new X509Certificate(certificate)
  expect({ subject, keyUsage }).toEqual({ subject: 'CN=a_role', keyUsage: ['1.3.6.1.5.5.7.3.2'] })
})

test.each([
  ['in the past', new Date('2001-02-03T04:05:06Z'), 'Feb  3 04:05:06 2001 GMT'],
  ['at the end of UTCTime', new Date('2049-12-31T23:59:59Z'), 'Dec 31 23:59:59 2049 GMT'],
  ['beyond UTCTime', new Date('2050-01-01T00:00:00.999Z'), 'Jan  1 00:00:00 2050 GMT'],
])('a certificate may end %s', (_, notAfter, expected) => {
  const certificate = new X509Certificate(
    authority.issue({ commonName: 'x', notAfter }).certificate,
  )
  expect(certificate.validTo).toBe(expected)
  expect(Date.parse(certificate.validFrom)).toBeLessThan(notAfter.getTime())
})

test('a certificate is good from a day ago for ten years unless asked otherwise', () => {
  const certificate = new X509Certificate(authority.issue({ commonName: 'x' }).certificate)
  const days = (text: string) => Math.round((Date.parse(text) - Date.now()) / DAY_MS)
  expect([days(certificate.validFrom), days(certificate.validTo)]).toEqual([-1, 3650])
})

test('a long subject is encoded with a long length', () => {
  for (const size of [100, 127, 128, 255, 256, 3000]) {
    const name = 'n'.repeat(size)
    const { certificate } = authority.issue({ commonName: name })
    expect(new X509Certificate(certificate).subject).toBe(`CN=${name}`)
  }
})

test('a host that cannot be in a certificate is refused', () => {
  expect(() => authority.issue({ commonName: 'x', hosts: ['no host'] })).toThrow(
    '"no host" is neither a DNS name nor an IP address',
  )
})
