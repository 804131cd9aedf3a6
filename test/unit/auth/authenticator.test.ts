import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  type AuthenticationRequest,
  Authenticator,
  type AuthenticatorOptions,
} from '../../../src/auth/authenticator.js'
import type { AuthenticationReply } from '../../../src/auth/exchange.js'
import { parseRequireAuth } from '../../../src/auth/require-auth.js'
import { AuthenticationError, ProtocolError } from '../../../src/base/errors.js'

const PASSWORD = 'correct horse'
const CLEARTEXT: AuthenticationRequest = { kind: 'cleartext' }
const MD5: AuthenticationRequest = { kind: 'md5', salt: Uint8Array.of(1, 2, 3, 4) }
const SASL: AuthenticationRequest = {
  kind: 'sasl',
  mechanisms: ['SCRAM-SHA-256'],
}
const OK: AuthenticationRequest = { kind: 'ok' }
const SASL_CONTINUE: AuthenticationRequest = { kind: 'sasl-continue', data: Buffer.from('r=x') }
const SASL_FINAL: AuthenticationRequest = { kind: 'sasl-final', data: Buffer.from('v=') }

function authenticator(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  return new Authenticator({
    user: 'alice',
    password: async () => PASSWORD,
    secure: true,
    ...options,
  })
}

/** Calls `answer` so that what it throws and what it rejects with look the same. */
async function answer(
  client: Authenticator,
  request: AuthenticationRequest,
): Promise<AuthenticationReply | undefined> {
  return client.answer(request)
}

/** The server's half of SCRAM-SHA-256, after RFC 5802, section 3. */
class ScramServer {
  #clientFirst = ''
  #serverFirst = ''
  readonly #salted: Buffer
  readonly #salt = Buffer.from('0123456789abcdef')

  constructor(password: string) {
    this.#salted = pbkdf2Sync(password, this.#salt, 16, 32, 'sha256')
  }

  first(clientFirst: Uint8Array): AuthenticationRequest {
    this.#clientFirst = Buffer.from(clientFirst).toString().replace('n,,', '')
    const nonce = this.#clientFirst.slice(this.#clientFirst.indexOf('r='))
    this.#serverFirst = `${nonce}SERVER,s=${this.#salt.toString('base64')},i=16`
    return { kind: 'sasl-continue', data: Buffer.from(this.#serverFirst) }
  }

  final(clientFinal: Uint8Array): AuthenticationRequest {
    const text = Buffer.from(clientFinal).toString()
    const [withoutProof = '', proof = ''] = text.split(',p=')
    const message = `${this.#clientFirst},${this.#serverFirst},${withoutProof}`
    const clientKey = hmac(this.#salted, 'Client Key')
    const storedKey = createHash('sha256').update(clientKey).digest()
    const signature = hmac(storedKey, message)
    const sent = Buffer.from(proof, 'base64').map((byte, i) => byte ^ (signature[i] ?? 0))
    if (!createHash('sha256').update(sent).digest().equals(storedKey)) {
      return { kind: 'sasl-final', data: Buffer.from('e=invalid-proof') }
    }
    const serverSignature = hmac(hmac(this.#salted, 'Server Key'), message).toString('base64')
    return { kind: 'sasl-final', data: Buffer.from(`v=${serverSignature}`) }
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Brings an exchange to where the server owes its proof. */
async function untilProof(
  client: Authenticator,
  server: ScramServer,
): Promise<AuthenticationRequest> {
  const first = await client.answer(SASL)
  if (first?.kind !== 'sasl-initial') throw new Error('no client-first')
  const final = await client.answer(server.first(first.data))
  if (final?.kind !== 'sasl-response') throw new Error('no client-final')
  return server.final(final.data)
}

describe('a conversation that goes well', () => {
  test('trust: nothing is asked, nothing is sent', () => {
    const client = authenticator({ password: () => Promise.reject(new Error('asked')) })
    expect(client.answer(OK)).toBeUndefined()
  })

  test('cleartext over a secure connection', async () => {
    const client = authenticator()
    expect(await client.answer(CLEARTEXT)).toEqual({ kind: 'password', password: PASSWORD })
    expect(client.answer(OK)).toBeUndefined()
  })

  test('md5', async () => {
    const client = authenticator({ secure: false })
    const reply = await client.answer(MD5)
    expect(reply?.kind === 'password' && reply.password).toMatch(/^md5[0-9a-f]{32}$/)
    expect(client.answer(OK)).toBeUndefined()
  })

  test('SCRAM, the last two messages being judged during the call', async () => {
    const client = authenticator({ secure: false })
    const proof = await untilProof(client, new ScramServer(PASSWORD))
    expect(client.answer(proof)).toBeUndefined()
    expect(client.answer(OK)).toBeUndefined()
  })

  test('the password is asked for once', async () => {
    let asked = 0
    const client = authenticator({
      password: async () => {
        asked++
        return PASSWORD
      },
    })
    client.answer(await untilProof(client, new ScramServer(PASSWORD)))
    expect(asked).toBe(1)
  })
})

describe('a server that is not what it should be', () => {
  test('AuthenticationOk before the proof is refused', async () => {
    const client = authenticator()
    await untilProof(client, new ScramServer(PASSWORD))
    expect(() => client.answer(OK)).toThrow(/before it had proven/)
  })

  test('AuthenticationOk right after client-first is refused', async () => {
    const client = authenticator()
    await client.answer(SASL)
    expect(() => client.answer(OK)).toThrow(AuthenticationError)
  })

  test('a server that does not know the password is refused, and stays so', async () => {
    const client = authenticator()
    const genuine = await untilProof(client, new ScramServer(PASSWORD))
    const forged = { kind: 'sasl-final', data: Buffer.from(`v=${'A'.repeat(43)}=`) } as const
    expect(() => client.answer(forged)).toThrow(/could not prove/)
    expect(() => client.answer(genuine)).toThrow(ProtocolError)
    expect(() => client.answer(OK)).toThrow(ProtocolError)
  })

  test('a wrong password shows as what the server says', async () => {
    const client = authenticator()
    const proof = await untilProof(client, new ScramServer('another'))
    expect(() => client.answer(proof)).toThrow(/invalid-proof/)
  })

  const disorders: readonly (readonly [string, readonly AuthenticationRequest[]])[] = [
    ['continue first', [SASL_CONTINUE]],
    ['final first', [SASL_FINAL]],
    ['cleartext twice', [CLEARTEXT, CLEARTEXT]],
    ['md5 after cleartext', [CLEARTEXT, MD5]],
    ['cleartext after SASL', [SASL, CLEARTEXT]],
    ['SASL twice', [SASL, SASL]],
    ['final instead of continue', [SASL, SASL_FINAL]],
    ['continue after cleartext', [CLEARTEXT, SASL_CONTINUE]],
    ['Ok twice', [OK, OK]],
    ['cleartext after Ok', [OK, CLEARTEXT]],
  ]
  for (const [name, requests] of disorders) {
    test(`out of order: ${name}`, async () => {
      const client = authenticator()
      for (const request of requests.slice(0, -1)) await client.answer(request)
      await expect(answer(client, requests.at(-1) ?? OK)).rejects.toThrow(ProtocolError)
    })
  }

  test('a message while the answer is being made is out of order, and the answer revives nothing', async () => {
    const client = authenticator()
    const pending = client.answer(CLEARTEXT)
    expect(() => client.answer(OK)).toThrow(ProtocolError)
    await pending
    expect(() => client.answer(OK)).toThrow(ProtocolError)
  })

  const unsupported: readonly (readonly [string, AuthenticationRequest, RegExp])[] = [
    ['SSPI', { kind: 'unsupported', name: 'SSPI' }, /SSPI, which sluice does not support/],
    ['GSSAPI', { kind: 'gss' }, /GSSAPI: set the option gssProvider/],
    [
      'OAuth',
      { kind: 'sasl', mechanisms: ['OAUTHBEARER'] },
      /OAuth token: set the option oauthToken/,
    ],
    ['no mechanism', { kind: 'sasl', mechanisms: [] }, /no SASL mechanism/],
    ['odd characters', { kind: 'sasl', mechanisms: ['A\x1b[31m'] }, /: A\?\[31m$/],
  ]
  for (const [name, request, message] of unsupported) {
    test(`not supported: ${name}`, async () => {
      const refused = answer(authenticator(), request)
      await expect(refused).rejects.toThrow(AuthenticationError)
      await expect(refused).rejects.toThrow(message)
    })
  }
})

describe('requireAuth', () => {
  const verdicts: readonly (readonly [string, AuthenticationRequest, allowed: boolean])[] = [
    ['none', OK, true],
    ['none', MD5, false],
    ['!none', OK, false],
    ['scram-sha-256', OK, false],
    ['scram-sha-256', SASL, true],
    ['scram-sha-256', MD5, false],
    ['scram-sha-256', CLEARTEXT, false],
    ['md5', SASL, false],
    ['!md5', MD5, false],
    ['!md5', SASL, true],
    ['password', CLEARTEXT, true],
    ['!password', CLEARTEXT, false],
    ['scram-sha-256,none', OK, true],
  ]
  for (const [text, request, allowed] of verdicts) {
    test(`${text} ${allowed ? 'allows' : 'refuses'} ${request.kind}, before the password is asked`, async () => {
      let asked = false
      const client = authenticator({
        requireAuth: parseRequireAuth(text),
        password: async () => {
          asked = true
          return PASSWORD
        },
      })
      const result = answer(client, request)
      if (allowed) {
        await result
        return
      }
      await expect(result).rejects.toThrow(AuthenticationError)
      await expect(result).rejects.toThrow(`requireAuth "${text}" does not allow`)
      expect(asked).toBe(false)
    })
  }
})

describe('cleartext over an insecure connection', () => {
  const verdicts: readonly (readonly [requireAuth: string, allowed: boolean])[] = [
    ['', false],
    ['!md5', false],
    ['password', true],
    ['md5,password', true],
  ]
  for (const [text, allowed] of verdicts) {
    test(`is ${allowed ? 'allowed' : 'refused'} with requireAuth "${text}"`, async () => {
      const client = authenticator({ secure: false, requireAuth: parseRequireAuth(text) })
      const result = answer(client, CLEARTEXT)
      if (allowed) expect(await result).toEqual({ kind: 'password', password: PASSWORD })
      else await expect(result).rejects.toThrow(/clear text.*requireAuth: 'password'/)
    })
  }
})

describe('the password', () => {
  const missing: readonly (readonly [string, () => Promise<string | undefined>])[] = [
    ['undefined', async () => undefined],
    ['empty', async () => ''],
  ]
  for (const [name, password] of missing) {
    for (const request of [CLEARTEXT, MD5, SASL]) {
      test(`${name}: ${request.kind} is refused, naming the user and what to set`, async () => {
        const client = authenticator({ password, passwordHint: 'the passfile is missing' })
        const refused = answer(client, request)
        await expect(refused).rejects.toThrow(AuthenticationError)
        await expect(refused).rejects.toThrow(
          /"alice": set password, PGPASSWORD or a line in the passfile \(the passfile is missing\)/,
        )
      })
    }
  }

  test('a provider that fails is the cause', async () => {
    const cause = new Error('vault is sealed')
    const refused = answer(authenticator({ password: () => Promise.reject(cause) }), SASL)
    await expect(refused).rejects.toMatchObject({ name: 'AuthenticationError', cause })
  })

  test('a provider that throws at once is the cause too', async () => {
    const cause = new Error('vault is sealed')
    const password = () => {
      throw cause
    }
    await expect(answer(authenticator({ password }), SASL)).rejects.toMatchObject({ cause })
  })

  test('a NUL in it is refused and not shown', async () => {
    const refused = answer(authenticator({ password: async () => `${PASSWORD}\0` }), CLEARTEXT)
    await expect(refused).rejects.toThrow(/NUL/)
    await expect(refused).rejects.not.toThrow(PASSWORD)
  })

  test('what a provider gives must be a string', async () => {
    const password = (async () => 42) as unknown as () => Promise<string>
    await expect(answer(authenticator({ password }), SASL)).rejects.toThrow(/not a string/)
  })

  test('shows neither in the authenticator nor in its errors', async () => {
    const client = authenticator()
    await untilProof(client, new ScramServer(PASSWORD))
    const seen = [inspect(client, { showHidden: true, depth: 9 }), JSON.stringify(client)]
    try {
      client.answer(OK)
    } catch (error) {
      seen.push(inspect(error, { showHidden: true, depth: 9 }))
    }
    expect(seen).toHaveLength(3)
    for (const text of seen) expect(text).not.toContain(PASSWORD)
  })
})
