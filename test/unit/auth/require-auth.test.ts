import { describe, expect, test } from 'vitest'
import { AUTH_METHODS, parseRequireAuth } from '../../../src/auth/require-auth.js'

describe('require_auth', () => {
  test('empty allows everything', () => {
    expect(parseRequireAuth('')).toBeUndefined()
  })

  const allowed: readonly (readonly [string, readonly string[]])[] = [
    ['scram-sha-256', ['scram-sha-256']],
    ['none', ['none']],
    ['md5,password,none', ['md5', 'password', 'none']],
    [AUTH_METHODS.join(','), [...AUTH_METHODS]],
    ['!none', ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth']],
    ['!password,!md5', ['gss', 'sspi', 'scram-sha-256', 'oauth', 'none']],
    [AUTH_METHODS.map((method) => `!${method}`).join(','), []],
  ]
  for (const [text, methods] of allowed) {
    test(`${text} allows ${methods.join(' ') || 'nothing'}`, () => {
      expect(parseRequireAuth(text)).toEqual({
        text,
        allowed: methods,
        named: !text.startsWith('!'),
      })
    })
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ['scram', /"scram" is none of password, md5/],
    ['md5,', /"" is none of/],
    ['md5, none', /" none" is none of/],
    ['!', /"" is none of/],
    ['md5,!none', /cannot be mixed/],
    ['!md5,none', /cannot be mixed/],
    ['md5,md5', /"md5" is named twice/],
    ['SCRAM-SHA-256', /is none of/],
  ]
  for (const [text, message] of refused) {
    test(`${text} is refused`, () => {
      expect(() => parseRequireAuth(text)).toThrow(message)
    })
  }
})
