import { describe, expect, test } from 'vitest'
import { deriveScramKeys } from '../../../src/auth/scram-keys.js'
import {
  beginScram,
  type ChannelBinding,
  continueScram,
  type KeySource,
  verifyServerFinal,
} from '../../../src/auth/scram-sha-256.js'
import { AuthenticationError, ProtocolError } from '../../../src/base/errors.js'

// RFC 7677, section 3
const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const SERVER_NONCE = `${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const SERVER_FIRST = `r=${SERVER_NONCE},s=${SALT},i=4096`
const CLIENT_FINAL = `c=biws,r=${SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

const pencil: KeySource = (salt, iterations) => deriveScramKeys('pencil', salt, iterations)
const begin = () => beginScram({ nonce: NONCE, user: 'user' })
const bytes = (text: string) => Buffer.from(text, 'latin1')

describe('RFC 7677', () => {
  test('client-first', () => {
    expect(begin().message.toString()).toBe(`n,,n=user,r=${NONCE}`)
  })

  test('client-final', async () => {
    const { message } = await continueScram(begin(), bytes(SERVER_FIRST), pencil)
    expect(message.toString()).toBe(CLIENT_FINAL)
  })

  test('server-final is believed', async () => {
    const continued = await continueScram(begin(), bytes(SERVER_FIRST), pencil)
    expect(() => verifyServerFinal(continued, bytes(SERVER_FINAL))).not.toThrow()
  })
})

describe('client-first', () => {
  test('names no user unless told to', () => {
    expect(beginScram({ nonce: 'abc' }).message.toString()).toBe('n,,n=,r=abc')
  })

  test('escapes = and , in a user', () => {
    expect(beginScram({ nonce: 'abc', user: 'a=b,c' }).bare).toBe('n=a=3Db=2Cc,r=abc')
  })

  test('has a fresh nonce of 18 bytes each time', () => {
    const nonces = Array.from({ length: 10 }, () => beginScram().nonce)
    expect(new Set(nonces).size).toBe(10)
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64')).toHaveLength(18)
  })

  const bindings: readonly (readonly [ChannelBinding, first: string, input: string])[] = [
    [{ flag: 'n' }, 'n,,n=,r=abc', 'n,,'],
    [{ flag: 'y' }, 'y,,n=,r=abc', 'y,,'],
    [
      { flag: 'p', type: 'tls-server-end-point', data: bytes('\x01\xff') },
      'p=tls-server-end-point,,n=,r=abc',
      'p=tls-server-end-point,,\x01\xff',
    ],
  ]
  for (const [channelBinding, first, input] of bindings) {
    test(`says ${channelBinding.flag} of channel binding, and client-final repeats it`, async () => {
      const begun = beginScram({ nonce: 'abc', channelBinding })
      expect(begun.message.toString()).toBe(first)
      const { message } = await continueScram(begun, bytes('r=abcd,s=AAAA,i=1'), pencil)
      const [, c = ''] = /^c=([^,]*),r=abcd,p=/.exec(message.toString()) ?? []
      expect(Buffer.from(c, 'base64').toString('latin1')).toBe(input)
    })
  }
})

describe('server-first', () => {
  const tampered: readonly (readonly [name: string, text: string])[] = [
    ['empty', ''],
    ['nonce missing', `s=${SALT},i=4096`],
    ['nonce not ours', `r=x${SERVER_NONCE},s=${SALT},i=4096`],
    ['nonce not longer than ours', `r=${NONCE},s=${SALT},i=4096`],
    ['nonce shorter than ours', `r=${NONCE.slice(1)},s=${SALT},i=4096`],
    ['nonce empty', `r=,s=${SALT},i=4096`],
    ['nonce with a space', `r=${NONCE} x,s=${SALT},i=4096`],
    ['nonce with a byte beyond ASCII', `r=${NONCE}\xe9,s=${SALT},i=4096`],
    ['nonce with NUL', `r=${NONCE}\0,s=${SALT},i=4096`],
    ['salt empty', `r=${SERVER_NONCE},s=,i=4096`],
    ['salt without padding', `r=${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096`],
    ['salt with stray bits', `r=${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gR==,i=4096`],
    ['salt in base64url', `r=${SERVER_NONCE},s=__--,i=4096`],
    ['salt with spaces', `r=${SERVER_NONCE},s= AAAA,i=4096`],
    ['iterations 0', `r=${SERVER_NONCE},s=${SALT},i=0`],
    ['iterations negative', `r=${SERVER_NONCE},s=${SALT},i=-1`],
    ['iterations with a leading zero', `r=${SERVER_NONCE},s=${SALT},i=04096`],
    ['iterations in hexadecimal', `r=${SERVER_NONCE},s=${SALT},i=0x10`],
    ['iterations missing', `r=${SERVER_NONCE},s=${SALT}`],
    ['iterations empty', `r=${SERVER_NONCE},s=${SALT},i=`],
    ['iterations beyond an integer', `r=${SERVER_NONCE},s=${SALT},i=99999999999999999999`],
    ['order changed', `s=${SALT},r=${SERVER_NONCE},i=4096`],
    ['mandatory extension', `m=x,r=${SERVER_NONCE},s=${SALT},i=4096`],
    ['something behind', `${SERVER_FIRST},x=y`],
    ['newline behind', `${SERVER_FIRST}\n`],
    ['NUL behind', `${SERVER_FIRST}\0`],
  ]
  for (const [name, text] of tampered) {
    test(`is refused: ${name}`, async () => {
      await expect(continueScram(begin(), bytes(text), pencil)).rejects.toThrow(ProtocolError)
    })
  }

  const counts: readonly (readonly [iterations: number, max: number | undefined, fits: boolean])[] =
    [
      [1, undefined, true],
      [100_000, undefined, true],
      [100_001, undefined, false],
      [2 ** 31, undefined, false],
      [4096, 4096, true],
      [4096, 4095, false],
    ]
  for (const [iterations, max, fits] of counts) {
    test(`${iterations} iterations are ${fits ? 'computed' : 'refused'} with a limit of ${max ?? 'its default'}`, async () => {
      const asked: number[] = []
      const serverFirst = bytes(`r=${SERVER_NONCE},s=${SALT},i=${iterations}`)
      const keys: KeySource = async (_, count) => {
        asked.push(count)
        return { clientKey: Buffer.alloc(32), serverKey: Buffer.alloc(32) }
      }
      const result = continueScram(begin(), serverFirst, keys, max)
      if (fits) await result
      else await expect(result).rejects.toThrow(AuthenticationError)
      expect(asked).toEqual(fits ? [iterations] : [])
    })
  }
})

describe('server-final', () => {
  const tampered: readonly (readonly [
    name: string,
    text: string,
    error: typeof AuthenticationError | typeof ProtocolError,
  ])[] = [
    ['one bit of the signature', SERVER_FINAL.replace('v=6', 'v=7'), AuthenticationError],
    ['all zero', `v=${Buffer.alloc(32).toString('base64')}`, AuthenticationError],
    ['an error of the server', 'e=invalid-proof', AuthenticationError],
    ['empty', '', ProtocolError],
    ['empty signature', 'v=', ProtocolError],
    ['short signature', `v=${Buffer.alloc(31).toString('base64')}`, ProtocolError],
    ['long signature', `v=${Buffer.alloc(33).toString('base64')}`, ProtocolError],
    ['no base64', 'v=%%%%', ProtocolError],
    ['something behind', `${SERVER_FINAL},x=y`, ProtocolError],
    ['newline behind', `${SERVER_FINAL}\n`, ProtocolError],
    ['an error that is empty', 'e=', ProtocolError],
    ['an error with control characters', 'e=\x1b[31m', ProtocolError],
  ]
  for (const [name, text, error] of tampered) {
    test(`is refused: ${name}`, async () => {
      const continued = await continueScram(begin(), bytes(SERVER_FIRST), pencil)
      expect(() => verifyServerFinal(continued, bytes(text))).toThrow(error)
    })
  }

  test('a server that only echoes the proof is refused', async () => {
    const continued = await continueScram(begin(), bytes(SERVER_FIRST), pencil)
    const proof = CLIENT_FINAL.slice(CLIENT_FINAL.indexOf(',p=') + 3)
    expect(() => verifyServerFinal(continued, bytes(`v=${proof}`))).toThrow(AuthenticationError)
  })
})

test('keys are derived from the prepared password, with the derivation given', async () => {
  const asked: unknown[] = []
  await deriveScramKeys('I\u00adX', Buffer.from('salt'), 7, async (...input) => {
    asked.push(...input)
    return Buffer.alloc(32)
  })
  expect(asked).toEqual(['IX', Buffer.from('salt'), 7, 32])
})
