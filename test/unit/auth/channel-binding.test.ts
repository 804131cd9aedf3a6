import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { serverEndPoint } from '../../../src/auth/channel-binding.js'
import { bitString, explicit, objectIdentifier, sequence } from '../../../src/testing/der.js'

/** The outline of a certificate that is signed by an algorithm, with its parameters. */
function certificate(oid: string, ...parameters: readonly Buffer[]): Buffer {
  return sequence(
    sequence(Buffer.alloc(300)),
    sequence(objectIdentifier(oid), ...parameters),
    bitString(Buffer.alloc(64)),
  )
}

function pss(hash?: string): Buffer {
  const algorithm = hash === undefined ? [] : [explicit(0, sequence(objectIdentifier(hash)))]
  return certificate('1.2.840.113549.1.1.10', sequence(...algorithm))
}

const cases: readonly (readonly [signature: string, der: Buffer, hash: string | undefined])[] = [
  ['MD5 with RSA', certificate('1.2.840.113549.1.1.4'), 'sha256'],
  ['SHA-1 with RSA', certificate('1.2.840.113549.1.1.5'), 'sha256'],
  ['SHA-1 with DSA', certificate('1.2.840.10040.4.3'), 'sha256'],
  ['SHA-1 with ECDSA', certificate('1.2.840.10045.4.1'), 'sha256'],
  ['SHA-224 with RSA', certificate('1.2.840.113549.1.1.14'), 'sha224'],
  ['SHA-256 with RSA', certificate('1.2.840.113549.1.1.11'), 'sha256'],
  ['SHA-384 with RSA', certificate('1.2.840.113549.1.1.12'), 'sha384'],
  ['SHA-512 with RSA', certificate('1.2.840.113549.1.1.13'), 'sha512'],
  ['SHA-256 with ECDSA', certificate('1.2.840.10045.4.3.2'), 'sha256'],
  ['SHA-384 with ECDSA', certificate('1.2.840.10045.4.3.3'), 'sha384'],
  ['SHA-512 with ECDSA', certificate('1.2.840.10045.4.3.4'), 'sha512'],
  ['SHA3-256 with RSA', certificate('2.16.840.1.101.3.4.3.14'), 'sha3-256'],
  ['PSS, whose default is SHA-1', pss(), 'sha256'],
  ['PSS with SHA-1', pss('1.3.14.3.2.26'), 'sha256'],
  ['PSS with SHA-384', pss('2.16.840.1.101.3.4.2.2'), 'sha384'],
  ['PSS with a hash unheard of', pss('1.2.3.4'), undefined],
  ['Ed25519', certificate('1.3.101.112'), undefined],
  ['Ed448', certificate('1.3.101.113'), undefined],
  ['an algorithm unheard of', certificate('1.2.3.4'), undefined],
  ['no certificate', Buffer.from('hello'), undefined],
  ['nothing', Buffer.alloc(0), undefined],
]

describe('tls-server-end-point', () => {
  test.each(cases)('of a certificate signed by %s', (_, der, hash) => {
    const expected = hash === undefined ? undefined : createHash(hash).update(der).digest()
    expect(serverEndPoint(der)).toEqual(expected)
  })

  const real: readonly (readonly [name: string, hash: string | undefined])[] = [
    ['rsa-sha1', 'sha256'],
    ['rsa-sha384', 'sha384'],
    ['rsa-pss-sha512', 'sha512'],
    ['ecdsa-sha512', 'sha512'],
    ['ed25519', undefined],
  ]
  test.each(real)('of the certificate %s, made by OpenSSL', (name, hash) => {
    const path = new URL(`../../fixtures/certificates/${name}.crt`, import.meta.url)
    const { raw } = new X509Certificate(readFileSync(path))
    const expected = hash === undefined ? undefined : createHash(hash).update(raw).digest()
    expect(serverEndPoint(raw)).toEqual(expected)
  })

  test('of any bytes is a hash or undefined', () => {
    const [, genuine] = cases[0] ?? ['', Buffer.alloc(0)]
    fc.assert(
      fc.property(fc.nat(40), fc.nat(255), fc.nat(400), (at, byte, length) => {
        const der = Buffer.from(genuine)
        der[at] = byte
        const binding = serverEndPoint(der.subarray(0, length))
        expect(binding === undefined || binding.length >= 28).toBe(true)
      }),
    )
  })
})
