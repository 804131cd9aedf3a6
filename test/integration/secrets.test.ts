import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { connect, createPool, PostgresError } from '../../src/index.js'
import { testServer } from '../support/server.js'

const SECRET = 'hunter2-is-no-password'

/** All the ways something ends up in a log. */
function textsOf(value: unknown): string {
  const shown = inspect(value, { depth: 20, showHidden: true })
  const stack = value instanceof Error ? value.stack : ''
  return [shown, stack, String(value), JSON.stringify(value, leaveOutCycles())].join('\n')
}

function leaveOutCycles(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>()
  return (_key, value) => {
    if (typeof value === 'bigint') return `${value}`
    if (typeof value !== 'object' || value === null) return value
    if (seen.has(value)) return undefined
    seen.add(value)
    return value
  }
}

test('no error of connecting shows the password', async () => {
  const server = await testServer()
  const dsn = server.dsn({ auth: 'scram-sha-256', password: SECRET })
  const attempts = [
    () => connect(dsn),
    () => connect(dsn, { port: 1 }),
    () => connect(dsn, { requireAuth: 'md5' }),
    () => connect(dsn, { database: 'nowhere' }),
    () => connect(dsn, { ssl: 'verify-full' }),
    () => createPool(dsn, { minSize: 1 }),
  ]
  for (const attempt of attempts) {
    const error = await attempt().catch((each: unknown) => each)
    expect(error).toBeInstanceOf(Error)
    expect(textsOf(error)).not.toContain(SECRET)
  }
})

test('neither a connection nor a pool shows the password, nor does what they fail with', async () => {
  const server = await testServer()
  const dsn = server.dsn({ auth: 'scram-sha-256' })
  const password = decodeURIComponent(new URL(dsn).password)
  expect(password).not.toBe('')
  await using conn = await connect(dsn)
  await using pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  await using borrowed = await pool.acquire()
  const timeout = await pool.acquire({ timeout: 1 }).catch((each: unknown) => each)
  const lost = await connect(dsn)
  lost.terminate()
  const closed = await lost.fetch('select 1').catch((each: unknown) => each)
  for (const each of [conn, pool, borrowed, timeout, closed]) {
    expect(textsOf(each)).not.toContain(password)
  }
})

test('position counts code points, as the caret does', async () => {
  await using conn = await connect((await testServer()).dsn())
  const query = "select '😀é𝒳' as a, nothing"
  const error = await conn.fetch(query).catch((each: unknown) => each)
  expect(error).toBeInstanceOf(PostgresError)
  const { position = 0 } = error as PostgresError
  expect([...query].slice(position - 1).join('')).toBe('nothing')
  const [, , caretLine = ''] = (error as PostgresError).format().split('\n')
  expect(caretLine).toMatch(/^ *\^/)
})
