import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { deriveScramKeys, ScramKeyCache } from '../../src/auth/scram-keys.js'
import { connect, createPool } from '../../src/index.js'
import { type TestServer, testServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})

afterEach(() => {
  vi.restoreAllMocks()
})

const scramDsn = () => server.dsn({ auth: 'scram-sha-256' })
const nobodysPassword = () => server.dsn({ auth: 'scram-sha-256', password: null })

describe('the keys of SCRAM', () => {
  test('are derived once for all connections of a pool', async () => {
    const asked = vi.spyOn(ScramKeyCache.prototype, 'get')
    await using pool = await createPool(scramDsn(), { minSize: 4, maxSize: 4 })
    expect(pool.size).toBe(4)
    expect(asked).toHaveBeenCalledTimes(4)
    expect(new Set(asked.mock.results.map(({ value }) => value)).size).toBe(1)
  })

  test('are forgotten when the password is wrong', async () => {
    const dropped = vi.spyOn(ScramKeyCache.prototype, 'drop')
    await expect(
      connect(server.dsn({ auth: 'scram-sha-256', password: 'wrong' })),
    ).rejects.toThrow()
    expect(dropped).toHaveBeenCalled()
  })

  test('are kept when the server has proven itself', async () => {
    const dropped = vi.spyOn(ScramKeyCache.prototype, 'drop')
    await (await connect(scramDsn())).close()
    expect(dropped).not.toHaveBeenCalled()
  })

  test('are asked of the password each connection is given', async () => {
    const { password } = new URL(scramDsn())
    let asked = 0
    await using pool = await createPool(nobodysPassword(), {
      minSize: 3,
      password: () => {
        asked += 1
        return decodeURIComponent(password)
      },
    })
    expect(pool.size).toBe(3)
    expect(asked).toBe(3)
  })
})

describe('scramClientKey and scramServerKey', () => {
  async function keys(): Promise<{ scramClientKey: string; scramServerKey: string }> {
    const { username, password } = new URL(scramDsn())
    await using admin = await connect(server.dsn({ user: server.description.roles.admin.user }))
    const verifier = await admin.fetchval<string>(
      'select rolpassword from pg_authid where rolname = $1',
      [username],
    )
    const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? '') ?? []
    const { clientKey, serverKey } = await deriveScramKeys(
      decodeURIComponent(password),
      Buffer.from(salt ?? '', 'base64'),
      Number(iterations),
    )
    return {
      scramClientKey: clientKey.toString('base64'),
      scramServerKey: serverKey.toString('base64'),
    }
  }

  test('let in without a password', async () => {
    await using conn = await connect(nobodysPassword(), {
      ...(await keys()),
      passfile: '/nonexistent',
    })
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('of somebody else are refused by the server', async () => {
    const { scramServerKey } = await keys()
    const connecting = connect(nobodysPassword(), {
      scramClientKey: Buffer.alloc(32),
      scramServerKey,
    })
    await expect(connecting).rejects.toMatchObject({ code: '28P01' })
  })

  test('whose server key is wrong prove that the server is another', async () => {
    const { scramClientKey } = await keys()
    const connecting = connect(nobodysPassword(), {
      scramClientKey,
      scramServerKey: Buffer.alloc(32),
    })
    await expect(connecting).rejects.toThrow(/could not prove/)
  })

  test('go together', async () => {
    const connecting = connect(nobodysPassword(), { scramClientKey: Buffer.alloc(32) })
    await expect(connecting).rejects.toThrow(/scramClientKey is given without scramServerKey/)
  })
})

test('scramMaxIterations refuses a server that asks for more', async () => {
  const connecting = connect(scramDsn(), { scramMaxIterations: 4095 })
  await expect(connecting).rejects.toThrow(/4096 iterations .* more than the 4095 allowed/)
})
