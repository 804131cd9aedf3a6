import { describe, expect, test } from 'vitest'
import {
  type AuthenticationRequest,
  Authenticator,
  type AuthenticatorOptions,
} from '../../../src/auth/authenticator.js'
import type { AuthenticationReply } from '../../../src/auth/exchange.js'
import type { GssContext } from '../../../src/auth/gss.js'
import type { OAuthTokenRequest } from '../../../src/auth/oauth.js'
import { parseRequireAuth } from '../../../src/auth/require-auth.js'
import { AuthenticationError, ProtocolError } from '../../../src/base/errors.js'
import { objectIdentifier, sequence } from '../../../src/testing/der.js'

const OK: AuthenticationRequest = { kind: 'ok' }
const SHA256_CERTIFICATE = sequence(sequence(), sequence(objectIdentifier('1.2.840.10045.4.3.2')))
const ED25519_CERTIFICATE = sequence(sequence(), sequence(objectIdentifier('1.3.101.112')))

function authenticator(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  return new Authenticator({
    user: 'alice',
    host: 'db.test',
    password: async () => 'correct horse',
    secure: true,
    ...options,
  })
}

const sasl = (...mechanisms: readonly string[]): AuthenticationRequest => ({
  kind: 'sasl',
  mechanisms,
})
const BOTH = sasl('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256')
const PLAIN = sasl('SCRAM-SHA-256')
const OAUTH = sasl('OAUTHBEARER')

/** Calls `answer` so that what it throws and what it rejects with look the same. */
async function answer(
  client: Authenticator,
  request: AuthenticationRequest,
): Promise<AuthenticationReply | undefined> {
  return client.answer(request)
}

function textOf(reply: AuthenticationReply | undefined): string {
  return reply !== undefined && 'data' in reply ? Buffer.from(reply.data).toString('latin1') : ''
}

describe('channel binding', () => {
  const tls = { certificate: () => SHA256_CERTIFICATE }
  const ed25519 = { certificate: () => ED25519_CERTIFICATE }
  const none = { certificate: () => undefined }
  const header: readonly (readonly [
    name: string,
    options: Partial<AuthenticatorOptions>,
    request: AuthenticationRequest,
    header: string,
    mechanism: string,
  ])[] = [
    ['prefer, offered', { tls }, BOTH, 'p=tls-server-end-point,,', 'SCRAM-SHA-256-PLUS'],
    [
      'require, offered',
      { tls, channelBinding: 'require' },
      BOTH,
      'p=tls-server-end-point,,',
      'SCRAM-SHA-256-PLUS',
    ],
    ['prefer, not offered', { tls }, PLAIN, 'y,,', 'SCRAM-SHA-256'],
    ['prefer, not offered, without TLS', {}, PLAIN, 'n,,', 'SCRAM-SHA-256'],
    ['disable, offered', { tls, channelBinding: 'disable' }, BOTH, 'n,,', 'SCRAM-SHA-256'],
    ['disable, not offered', { tls, channelBinding: 'disable' }, PLAIN, 'n,,', 'SCRAM-SHA-256'],
    ['prefer, a certificate without hash', { tls: ed25519 }, BOTH, 'n,,', 'SCRAM-SHA-256'],
    ['prefer, no certificate', { tls: none }, BOTH, 'n,,', 'SCRAM-SHA-256'],
  ]
  test.each(header)('%s', async (_, options, request, expected, mechanism) => {
    const reply = await answer(authenticator(options), request)
    expect(reply).toMatchObject({ kind: 'sasl-initial', mechanism })
    expect(textOf(reply).startsWith(`${expected}n=`)).toBe(true)
  })

  const refused: readonly (readonly [
    name: string,
    options: Partial<AuthenticatorOptions>,
    request: AuthenticationRequest,
    message: RegExp,
  ])[] = [
    ['not offered', { tls }, PLAIN, /does not offer channel binding/],
    ['without TLS', {}, PLAIN, /without TLS there is no channel binding/],
    [
      'a certificate without hash',
      { tls: ed25519 },
      BOTH,
      /signature of the server's certificate has no hash/,
    ],
    ['no certificate', { tls: none }, BOTH, /certificate has no hash/],
    ['clear text', { tls }, { kind: 'cleartext' }, /"password", which has no channel binding/],
    ['md5', { tls }, { kind: 'md5', salt: Buffer.alloc(4) }, /"md5", which has no channel binding/],
    ['no authentication', { tls }, OK, /accepted the connection without channel binding/],
    ['OAuth', { tls, oauthToken: () => 'token' }, OAUTH, /"oauth", which has no channel binding/],
    ['GSSAPI', { tls, gssProvider: () => gssContext([]) }, { kind: 'gss' }, /"gss", which has no/],
  ]
  test.each(refused)(
    'require refuses %s, before a secret is asked for',
    async (_, options, request, message) => {
      let asked = false
      const client = authenticator({
        channelBinding: 'require',
        password: async () => {
          asked = true
          return 'correct horse'
        },
        ...options,
      })
      const result = answer(client, request)
      await expect(result).rejects.toThrow(AuthenticationError)
      await expect(result).rejects.toThrow(message)
      expect(asked).toBe(false)
    },
  )

  test('offered without TLS is an error, whatever is wanted', async () => {
    await expect(answer(authenticator(), BOTH)).rejects.toThrow(ProtocolError)
  })

  test('alone offered where it cannot be had is an error', async () => {
    const client = authenticator({ tls: ed25519 })
    await expect(answer(client, sasl('SCRAM-SHA-256-PLUS'))).rejects.toThrow(AuthenticationError)
  })
})

describe('OAUTHBEARER', () => {
  const refusal = (json: unknown): AuthenticationRequest => ({
    kind: 'sasl-continue',
    data: Buffer.from(JSON.stringify(json)),
  })
  const INVALID = {
    status: 'invalid_token',
    'openid-configuration': 'https://issuer.test/.well-known/openid-configuration',
    scope: 'openid db',
  }

  test('sends the token and is over with AuthenticationOk', async () => {
    const client = authenticator({ oauthToken: () => 'abc.DEF-123~+/==' })
    const reply = await answer(client, OAUTH)
    expect(reply).toMatchObject({ kind: 'sasl-initial', mechanism: 'OAUTHBEARER' })
    expect(textOf(reply)).toBe('n,,\x01auth=Bearer abc.DEF-123~+/==\x01\x01')
    expect(client.answer(OK)).toBeUndefined()
  })

  test('asks the server which token it wants when there is none yet', async () => {
    const client = authenticator({ oauthToken: async () => undefined })
    expect(textOf(await answer(client, OAUTH))).toBe('n,,\x01auth=\x01\x01')
    expect(textOf(await answer(client, refusal(INVALID)))).toBe('\x01')
    expect(client.oauthDiscovery).toEqual({
      status: 'invalid_token',
      openidConfiguration: 'https://issuer.test/.well-known/openid-configuration',
      scope: 'openid db',
    })
  })

  test('hands what the server said to the provider', async () => {
    const requests: OAuthTokenRequest[] = []
    const oauthDiscovery = { status: 'invalid_token', scope: 'db' }
    const oauthToken = (request: OAuthTokenRequest) => {
      requests.push(request)
      return 'token'
    }
    const client = authenticator({ oauthToken, oauthDiscovery })
    await answer(client, OAUTH)
    expect(requests).toEqual([{ user: 'alice', host: 'db.test', discovery: oauthDiscovery }])
    await answer(client, refusal(INVALID))
    expect(client.oauthDiscovery).toBeUndefined()
  })

  test('another status than invalid_token is no reason for another token', async () => {
    const client = authenticator({ oauthToken: () => 'token' })
    await answer(client, OAUTH)
    await answer(client, refusal({ status: 'insufficient_scope' }))
    expect(client.oauthDiscovery).toBeUndefined()
  })

  test('AuthenticationOk after a refusal is refused', async () => {
    const client = authenticator({ oauthToken: () => 'token' })
    await answer(client, OAUTH)
    await answer(client, refusal(INVALID))
    expect(() => client.answer(OK)).toThrow(AuthenticationError)
  })

  const malformed: readonly (readonly [name: string, data: string])[] = [
    ['nothing', ''],
    ['no JSON', '{status'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no status', '{"scope":"a"}'],
    ['a status that is no text', '{"status":401}'],
    ['a scope that is no text', '{"status":"invalid_token","scope":["a"]}'],
    ['a status that is inherited', '{"__proto__":{"status":"invalid_token"}}'],
  ]
  test.each(malformed)('%s in the place of a refusal is a ProtocolError', async (_, data) => {
    const client = authenticator({ oauthToken: () => 'token' })
    await answer(client, OAUTH)
    const result = answer(client, { kind: 'sasl-continue', data: Buffer.from(data) })
    await expect(result).rejects.toThrow(ProtocolError)
  })

  test.each(['a b', 'a\x01auth=Bearer b', 'tök', '='])(
    '%j is no token, and is not shown',
    async (token) => {
      const result = answer(authenticator({ oauthToken: () => token }), OAUTH)
      await expect(result).rejects.toThrow(/no bearer token/)
      await expect(result).rejects.not.toThrow(token.slice(0, 3).padEnd(3))
    },
  )

  test('a provider that fails is the cause', async () => {
    const cause = new Error('the issuer is down')
    const result = answer(authenticator({ oauthToken: () => Promise.reject(cause) }), OAUTH)
    await expect(result).rejects.toMatchObject({ name: 'AuthenticationError', cause })
  })

  test('a token goes over no open network, unless oauth was named', async () => {
    const oauthToken = () => 'token'
    await expect(answer(authenticator({ oauthToken, secure: false }), OAUTH)).rejects.toThrow(
      /OAuth token over an unencrypted connection/,
    )
    const requireAuth = parseRequireAuth('oauth')
    const named = authenticator({ oauthToken, secure: false, requireAuth })
    expect(await answer(named, OAUTH)).toMatchObject({ mechanism: 'OAUTHBEARER' })
  })

  test('requireAuth decides between mechanisms', async () => {
    const all = sasl('SCRAM-SHA-256', 'OAUTHBEARER')
    const oauthToken = () => 'token'
    const oauth = authenticator({ oauthToken, requireAuth: parseRequireAuth('oauth') })
    expect(await answer(oauth, all)).toMatchObject({ mechanism: 'OAUTHBEARER' })
    const scram = authenticator({ oauthToken, requireAuth: parseRequireAuth('!oauth') })
    expect(await answer(scram, all)).toMatchObject({ mechanism: 'SCRAM-SHA-256' })
    const refused = authenticator({ oauthToken, requireAuth: parseRequireAuth('!oauth') })
    await expect(answer(refused, OAUTH)).rejects.toThrow(/does not allow/)
  })
})

/** A context that gives these tokens in turn, and is complete with the last. */
function gssContext(tokens: (string | undefined)[]): GssContext & { received: unknown[] } {
  const received: unknown[] = []
  return {
    received,
    step(token) {
      received.push(token === undefined ? undefined : Buffer.from(token).toString())
      const next = tokens.shift()
      return next === undefined ? undefined : Buffer.from(next)
    },
    get isComplete() {
      return tokens.length === 0
    },
  }
}

describe('GSSAPI', () => {
  const GSS: AuthenticationRequest = { kind: 'gss' }
  const token = (text: string): AuthenticationRequest => ({
    kind: 'gss-continue',
    data: Buffer.from(text),
  })

  test('passes tokens on in both directions until the context is complete', async () => {
    const context = gssContext(['one', 'two', undefined])
    const requests: unknown[] = []
    const client = authenticator({
      gssServiceName: 'pg',
      gssProvider: (request) => {
        requests.push(request)
        return context
      },
    })
    expect(textOf(await answer(client, GSS))).toBe('one')
    expect(textOf(await answer(client, token('a')))).toBe('two')
    expect(await answer(client, token('b'))).toBeUndefined()
    expect(client.answer(OK)).toBeUndefined()
    expect(context.received).toEqual([undefined, 'a', 'b'])
    expect(requests).toEqual([{ user: 'alice', host: 'db.test', service: 'pg' }])
  })

  test('AuthenticationOk before it is complete is refused', async () => {
    const client = authenticator({ gssProvider: () => gssContext(['one', 'two']) })
    await answer(client, GSS)
    expect(() => client.answer(OK)).toThrow(/before GSSAPI was complete/)
  })

  test('a token after it is complete is a ProtocolError', async () => {
    const client = authenticator({ gssProvider: () => gssContext(['one']) })
    await answer(client, GSS)
    await expect(answer(client, token('more'))).rejects.toThrow(ProtocolError)
  })

  test('tokens of SASL and of GSSAPI are not taken for one another', async () => {
    const gss = authenticator({ gssProvider: () => gssContext(['one', 'two']) })
    await answer(gss, GSS)
    const continued = answer(gss, { kind: 'sasl-continue', data: Buffer.alloc(1) })
    await expect(continued).rejects.toThrow(ProtocolError)
    const scram = authenticator()
    await answer(scram, PLAIN)
    await expect(answer(scram, token('x'))).rejects.toThrow(ProtocolError)
  })

  test('a provider that fails is the cause', async () => {
    const cause = new Error('no ticket')
    const client = authenticator({
      gssProvider: () => {
        throw cause
      },
    })
    await expect(answer(client, GSS)).rejects.toMatchObject({ name: 'AuthenticationError', cause })
  })

  test('requireAuth may refuse it before the provider is asked', async () => {
    const client = authenticator({
      requireAuth: parseRequireAuth('!gss'),
      gssProvider: () => {
        throw new Error('asked')
      },
    })
    await expect(answer(client, GSS)).rejects.toThrow(/requireAuth "!gss" does not allow/)
  })
})
