import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { deriveScramKeys, type Pbkdf2, ScramKeyCache } from '../../../src/auth/scram-keys.js'

const SALT = Buffer.from('0123456789abcdef')
const OTHER_SALT = Buffer.from('fedcba9876543210')

/** A cache, and what it had derived. */
function watchedCache(): { cache: ScramKeyCache; derived: string[] } {
  const derived: string[] = []
  const derive: Pbkdf2 = async (password, salt, iterations, keyBytes) => {
    derived.push(`${password} ${salt.toString()} ${iterations}`)
    return Buffer.alloc(keyBytes, password)
  }
  return { cache: new ScramKeyCache(derive), derived }
}

describe('the keys of a password', () => {
  test('are those of RFC 5802: derived from password, salt and iterations', async () => {
    const keys = await deriveScramKeys(
      'pencil',
      Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
      4096,
    )
    expect(keys.clientKey).toHaveLength(32)
    expect(keys.serverKey).toHaveLength(32)
    expect(await new ScramKeyCache().get('pencil', SALT, 10)).toEqual(
      await deriveScramKeys('pencil', SALT, 10),
    )
  })

  test('are derived once for connections that ask one after the other', async () => {
    const { cache, derived } = watchedCache()
    const first = await cache.get('pw', SALT, 4096)
    expect(await cache.get('pw', Buffer.from(SALT), 4096)).toBe(first)
    expect(derived).toEqual(['pw 0123456789abcdef 4096'])
  })

  test('are derived once for connections that ask at the same time', async () => {
    const { cache, derived } = watchedCache()
    await Promise.all([
      cache.get('pw', SALT, 1),
      cache.get('pw', SALT, 1),
      cache.get('pw', SALT, 1),
    ])
    expect(derived).toHaveLength(1)
  })

  test.each([
    ['salt', 'pw', OTHER_SALT, 4096],
    ['iteration count', 'pw', SALT, 8192],
    ['password', 'other', SALT, 4096],
  ] as const)('are others for another %s', async (_, password, salt, iterations) => {
    const { cache, derived } = watchedCache()
    await cache.get('pw', SALT, 4096)
    await cache.get(password, salt, iterations)
    expect(derived).toHaveLength(2)
  })

  test('are forgotten when the password changes', async () => {
    const { cache, derived } = watchedCache()
    await cache.get('old', SALT, 1)
    await cache.get('old', OTHER_SALT, 1)
    await cache.get('new', SALT, 1)
    expect(cache.size).toBe(1)
    await cache.get('old', SALT, 1)
    expect(derived).toHaveLength(4)
  })

  test('are forgotten when somebody was not let in with them', async () => {
    const { cache, derived } = watchedCache()
    await cache.get('pw', SALT, 1)
    cache.drop(SALT, 1)
    expect(cache.size).toBe(0)
    await cache.get('pw', SALT, 1)
    expect(derived).toHaveLength(2)
  })

  test('are not kept when the derivation fails', async () => {
    let attempts = 0
    const cache = new ScramKeyCache(async () => {
      attempts += 1
      throw new Error('out of memory')
    })
    await expect(cache.get('pw', SALT, 1)).rejects.toThrow('out of memory')
    await expect(cache.get('pw', SALT, 1)).rejects.toThrow('out of memory')
    expect(attempts).toBe(2)
  })

  test('are bounded in number, whatever salts a server invents', async () => {
    const { cache } = watchedCache()
    for (let i = 0; i < 100; i++) await cache.get('pw', Buffer.from(`salt ${i}`), 1)
    expect(cache.size).toBe(16)
  })

  test('show nowhere', async () => {
    const cache = new ScramKeyCache()
    const { clientKey } = await cache.get('correct horse', SALT, 1)
    for (const text of [inspect(cache, { showHidden: true, depth: 9 }), JSON.stringify(cache)]) {
      expect(text).not.toContain('correct horse')
      expect(text).not.toContain(clientKey.toString('hex').slice(0, 8))
      expect(text).not.toContain(inspect(clientKey).slice(8, 20))
    }
    expect(Object.keys(cache)).toEqual([])
  })
})
