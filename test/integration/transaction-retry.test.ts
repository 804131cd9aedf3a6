import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, connect, InterfaceError, PostgresError } from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection
let other: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  other = await connect(dsn)
  await other.execute('create table retry_items (id int primary key, n int not null default 0)')
})

afterAll(async () => {
  await other.execute('drop table retry_items')
  await other.close()
})

beforeEach(async () => {
  conn = await connect(dsn)
  await other.execute('truncate retry_items')
})

afterEach(() => conn.close())

const insert = (handle: Connection, id: number) =>
  handle.execute('insert into retry_items (id) values ($1)', [id])

describe('retry', () => {
  test('repeats after a serialization failure until it succeeds', async () => {
    await insert(conn, 1)
    let attempts = 0
    const seen = await conn.transaction(
      async (tx) => {
        attempts += 1
        const n = await tx.fetchval<number>('select n from retry_items where id = 1')
        if (attempts < 3) await other.execute('update retry_items set n = n + 1 where id = 1')
        await tx.execute('update retry_items set n = n + 10 where id = 1')
        return n
      },
      { isolation: 'repeatable read', retry: { backoff: { min: 0 } } },
    )
    expect([attempts, seen]).toEqual([3, 2])
    expect(await other.fetchval('select n from retry_items')).toBe(12)
  })

  test('gives up after so many attempts, with the last error; follows causes', async () => {
    let attempts = 0
    const failing = conn.transaction(
      async (tx) => {
        attempts += 1
        try {
          await tx.execute("do $$ begin raise 'no' using errcode = '40P01'; end $$")
        } catch (cause) {
          throw new Error(`attempt ${attempts}`, { cause })
        }
      },
      { retry: { attempts: 2, backoff: { min: 0 } } },
    )
    await expect(failing).rejects.toThrow('attempt 2')
    expect(attempts).toBe(2)
  })

  test('leaves other errors, and everything without the option, alone', async () => {
    let attempts = 0
    const run = (code: string, retry: boolean) =>
      conn.transaction(
        (tx) => {
          attempts += 1
          return tx.execute(`do $$ begin raise 'no' using errcode = '${code}'; end $$`)
        },
        { retry },
      )
    await expect(run('23505', true)).rejects.toThrow(PostgresError)
    await expect(run('40001', false)).rejects.toThrow(PostgresError)
    expect(attempts).toBe(2)
  })

  test('is not for nested transactions', async () => {
    await conn.transaction(async (tx) => {
      await expect(tx.transaction(() => {}, { retry: true })).rejects.toThrow(InterfaceError)
    })
  })

  test('two transactions that deadlock both succeed in the end', async () => {
    await insert(conn, 1)
    await insert(conn, 2)
    const both: (() => void)[] = []
    const meet = () => {
      const met = new Promise<void>((resolve) => both.push(resolve))
      if (both.length === 2) for (const resolve of both) resolve()
      return both.length > 2 ? undefined : met
    }
    const add = (handle: Connection, first: number, second: number) =>
      handle.transaction(
        async (tx) => {
          await tx.execute('update retry_items set n = n + 1 where id = $1', [first])
          await meet()
          await tx.execute('update retry_items set n = n + 1 where id = $1', [second])
        },
        { retry: true },
      )
    await Promise.all([add(conn, 1, 2), add(other, 2, 1)])
    expect(await other.fetch('select n from retry_items', [], { rowMode: 'array' })).toEqual([
      [2],
      [2],
    ])
  })
})
