import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  CommitRolledBackError,
  type Connection,
  connect,
  createPool,
  InterfaceError,
  type Pool,
  type Transaction,
  type TransactionOptions,
} from '../../src/index.js'
import { testServer } from '../support/server.js'

let dsn: string
let conn: Connection
let other: Connection

beforeAll(async () => {
  dsn = (await testServer()).dsn()
  other = await connect(dsn)
  await other.execute('create table tx_items (id int primary key, n int not null default 0)')
})

afterAll(async () => {
  await other.execute('drop table tx_items')
  await other.close()
})

beforeEach(async () => {
  conn = await connect(dsn)
  await other.execute('truncate tx_items')
})

afterEach(() => conn.close())

const ids = () => other.fetch('select id from tx_items order by id', [], { rowMode: 'array' })
const insert = (handle: Connection | Transaction, id: number) =>
  handle.execute('insert into tx_items (id) values ($1)', [id])

describe('transaction(fn)', () => {
  test('commits, and gives what fn gives', async () => {
    const result = await conn.transaction(async (tx) => {
      await insert(tx, 1)
      expect(await ids()).toEqual([])
      expect(conn.transactionStatus).toBe('transaction')
      return 'done'
    })
    expect(result).toBe('done')
    expect(await ids()).toEqual([[1]])
    expect(conn.transactionStatus).toBe('idle')
  })

  test('rolls back when fn rejects or throws, and passes the error on', async () => {
    const error = new Error('no')
    await expect(
      conn.transaction(async (tx) => {
        await insert(tx, 1)
        throw error
      }),
    ).rejects.toBe(error)
    await expect(
      conn.transaction(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await ids()).toEqual([])
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('queries of it are pipelined, also those that fn does not await', async () => {
    await conn.transaction((tx) => {
      insert(tx, 1)
      insert(tx, 2)
    })
    expect(await ids()).toEqual([[1], [2]])
  })

  test('a COMMIT that the server answers by ROLLBACK is an error', async () => {
    const swallowed = conn.transaction(async (tx) => {
      await insert(tx, 1)
      await tx.execute('select 1/0').catch(() => {})
    })
    await expect(swallowed).rejects.toThrow(CommitRolledBackError)
    await expect(swallowed).rejects.toMatchObject({ code: 'ERR_SLUICE_COMMIT_ROLLED_BACK' })
    expect(await ids()).toEqual([])
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('a COMMIT that fails by a deferred constraint rejects with that error', async () => {
    await conn.execute(
      'create temp table d (a int, constraint once unique (a) deferrable initially deferred)',
    )
    const refused = conn.transaction((tx) => tx.execute('insert into d values (1), (1)'))
    await expect(refused).rejects.toMatchObject({ code: '23505', constraint: 'once' })
    expect(await conn.fetchval('select count(*)::int from d')).toBe(0)
  })

  test('isolation, readonly and deferrable', async () => {
    const seen = await conn.transaction(
      async (tx) => [
        await tx.fetchval('show transaction_isolation'),
        await tx.fetchval('show transaction_read_only'),
        await tx.fetchval('show transaction_deferrable'),
      ],
      { isolation: 'serializable', readonly: true, deferrable: true },
    )
    expect(seen).toEqual(['serializable', 'on', 'on'])
    for (const isolation of ['read uncommitted', 'read committed', 'repeatable read'] as const) {
      await using tx = await conn.begin({ isolation, readonly: false, deferrable: false })
      expect(await tx.fetchval('show transaction_isolation')).toBe(isolation)
      expect(await tx.fetchval('show transaction_read_only')).toBe('off')
    }
  })

  test('fn may end it itself', async () => {
    const result = await conn.transaction(async (tx) => {
      await insert(tx, 1)
      await tx.rollback()
      return 'rolled back'
    })
    expect(result).toBe('rolled back')
    expect(await ids()).toEqual([])
  })

  test('the error of BEGIN leads to the caller', async () => {
    await conn.execute("set default_transaction_isolation = 'serializable'")
    await conn.close()
    const beginHere = async () => await conn.begin()
    const transactHere = async () => await conn.transaction(() => {})
    await expect(beginHere()).rejects.toMatchObject({
      stack: expect.stringContaining('beginHere'),
      code: 'ERR_SLUICE_CONNECTION_CLOSED',
    })
    await expect(transactHere()).rejects.toMatchObject({
      stack: expect.stringContaining('transactHere'),
    })
  })
})

describe('begin()', () => {
  test('rolls back at the end of its scope unless commit() ran', async () => {
    {
      await using tx = await conn.begin()
      await insert(tx, 1)
    }
    expect(await ids()).toEqual([])
    {
      await using tx = await conn.begin()
      await insert(tx, 1)
      await tx.commit()
      expect(tx.isOpen).toBe(false)
    }
    expect(await ids()).toEqual([[1]])
  })

  test('an ended handle is dead', async () => {
    const tx = await conn.begin()
    await tx.commit()
    await expect(tx.fetchval('select 1')).rejects.toThrow('the transaction was committed')
    await expect(tx.commit()).rejects.toThrow(InterfaceError)
    await expect(tx.rollback()).rejects.toThrow(InterfaceError)
    await expect(tx.begin()).rejects.toThrow(InterfaceError)
    await tx[Symbol.asyncDispose]()
    const next = await conn.begin()
    await next.rollback()
    await expect(next.execute('select 1')).rejects.toThrow('the transaction was rolled back')
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('a handle is dead from the call of commit() on, before its answer', async () => {
    const tx = await conn.begin()
    const committed = tx.commit()
    await expect(insert(tx, 1)).rejects.toThrow(InterfaceError)
    await committed
  })
})

describe('nesting', () => {
  test('a nested transaction is a savepoint', async () => {
    await conn.transaction(async (tx) => {
      await insert(tx, 1)
      await expect(
        tx.transaction(async (inner) => {
          await insert(inner, 2)
          await inner.execute('select 1/0')
        }),
      ).rejects.toMatchObject({ code: '22012' })
      await tx.transaction(async (inner) => {
        await insert(inner, 3)
        await using innermost = await inner.begin()
        await insert(innermost, 4)
      })
      await insert(tx, 5)
    })
    expect(await ids()).toEqual([[1], [3], [5]])
  })

  test('a nested commit after a swallowed error rolls back to the savepoint and says so', async () => {
    await conn.transaction(async (tx) => {
      await insert(tx, 1)
      const inner = await tx.begin()
      await inner.execute('select 1/0').catch(() => {})
      await expect(inner.commit()).rejects.toMatchObject({
        code: 'ERR_SLUICE_COMMIT_ROLLED_BACK',
        cause: { code: '25P02' },
      })
      await insert(tx, 2)
    })
    expect(await ids()).toEqual([[1], [2]])
  })

  test('outer handles wait while an inner one is open', async () => {
    const tx = await conn.begin()
    await expect(conn.fetchval('select 1')).rejects.toThrow('a transaction is open on this conn')
    await expect(conn.begin()).rejects.toThrow(InterfaceError)
    await expect(conn.transaction(() => {})).rejects.toThrow(InterfaceError)
    const inner = await tx.begin()
    await expect(tx.fetchval('select 1')).rejects.toThrow('a transaction is open on this trans')
    await expect(tx.commit()).rejects.toThrow(InterfaceError)
    await expect(tx.rollback()).rejects.toThrow(InterfaceError)
    await expect(conn.fetchval('select 1')).rejects.toThrow(InterfaceError)
    expect(await inner.fetchval('select 1')).toBe(1)
    await inner.commit()
    expect(await tx.fetchval('select 1')).toBe(1)
    await tx.commit()
    expect(await conn.fetchval('select 1')).toBe(1)
  })

  test('two at once on one connection: the second is refused', async () => {
    const outcomes = await Promise.allSettled([
      conn.transaction((tx) => insert(tx, 1)),
      conn.transaction((tx) => insert(tx, 2)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(await ids()).toEqual([[1]])
  })

  test('fn that leaves an inner one open is rolled back as a whole', async () => {
    let inner: Transaction | undefined
    const left = conn.transaction(async (tx) => {
      inner = await tx.begin()
      await insert(inner, 1)
    })
    await expect(left).rejects.toThrow(InterfaceError)
    await expect(inner?.fetchval('select 1')).rejects.toThrow(InterfaceError)
    expect(await ids()).toEqual([])
    expect(conn.transactionStatus).toBe('idle')
  })

  test('a nested begin() that is refused leaves no timer and no listener', async () => {
    await using tx = await conn.begin()
    const { signal } = new AbortController()
    const begun = tx.begin({ isolation: 'serializable', timeout: 60_000, signal })
    await expect(begun).rejects.toThrow(/cannot be "serializable"/)
  })

  test('the end of the outer by its signal or timeout cancels what runs in it', async () => {
    const nest = (options: TransactionOptions) =>
      conn.transaction(async (tx) => {
        await insert(tx, 1)
        await tx.transaction((inner) => inner.execute('select pg_sleep(600)'))
      }, options)
    const controller = new AbortController()
    setTimeout(() => controller.abort('enough'), 50)
    await expect(nest({ signal: controller.signal })).rejects.toBe('enough')
    await expect(nest({ timeout: 50 })).rejects.toThrow(/within 50 ms/)
    await expect.poll(() => conn.transactionStatus).toBe('idle')
    expect(await ids()).toEqual([])
  })

  test('one that outlives the outer leaves the next transaction alone', async () => {
    const outer = await conn.begin()
    const late = await outer.begin()
    await outer[Symbol.asyncDispose]()
    const next = await conn.begin()
    const nested = await next.begin()
    await insert(nested, 1)
    await late[Symbol.asyncDispose]()
    await nested.commit()
    await next.commit()
    expect(await ids()).toEqual([[1]])
  })

  test('the isolation of a nested transaction must be that of the outermost', async () => {
    await conn.transaction(
      async (tx) => {
        await tx.transaction(() => {}, { isolation: 'serializable', readonly: true })
        await expect(tx.begin({ isolation: 'read committed' })).rejects.toThrow(InterfaceError)
        await expect(tx.begin({ readonly: false })).rejects.toThrow(InterfaceError)
        await expect(tx.begin({ deferrable: true })).rejects.toThrow(InterfaceError)
      },
      { isolation: 'serializable', readonly: true },
    )
    await conn.transaction(async (tx) => {
      await tx.transaction(() => {}, { isolation: 'read committed' })
      await expect(tx.begin({ isolation: 'serializable' })).rejects.toThrow(
        'cannot be "serializable" where the outermost is "read committed"',
      )
    })
  })

  test('its isolation is that of the outermost with any codec for text', async () => {
    const decode = (text: string) => text.toUpperCase()
    await conn.setTypeCodec('text', { encode: String, decode })
    await conn.transaction(async (tx) => {
      expect(await tx.transaction(() => 'nested', { isolation: 'read committed' })).toBe('nested')
    })
  })
})

describe('transactions by hand', () => {
  test('over a BEGIN that was sent as a query', async () => {
    await conn.execute('begin')
    await expect(conn.begin()).rejects.toThrow('begun by a query')
    await insert(conn, 1)
    await conn.execute('commit')
    expect(await ids()).toEqual([[1]])
  })

  test('over one that is still under way', async () => {
    const begun = conn.execute('begin')
    await expect(conn.transaction(() => {})).rejects.toThrow('begun by a query')
    await begun
    expect(conn.transactionStatus).toBe('transaction')
    await conn.execute('rollback')
  })

  test('that end what transaction() began', async () => {
    const ended = conn.transaction(async (tx) => {
      await insert(tx, 1)
      await tx.execute('rollback')
    })
    await expect(ended).rejects.toThrow('ended by a query before its commit')
    expect(await ids()).toEqual([])
    expect(await conn.fetchval('select 1')).toBe(1)
  })
})

describe('on a pool', () => {
  let pool: Pool

  beforeEach(async () => {
    pool = await createPool(dsn, { minSize: 1, maxSize: 1 })
  })

  afterEach(() => pool.close())

  test('transaction() and begin() borrow a connection until the end', async () => {
    await pool.transaction(async (tx) => {
      await insert(tx, 1)
      expect(pool.idleSize).toBe(0)
    })
    {
      await using tx = await pool.begin()
      await insert(tx, 2)
      expect(pool.idleSize).toBe(0)
    }
    expect(await pool.fetchval('select count(*)::int from tx_items')).toBe(1)
    expect(pool.idleSize).toBe(1)
  })

  test('the handle of a released connection is dead with it', async () => {
    const borrowed = await pool.acquire()
    const tx = await borrowed.begin()
    borrowed.release()
    await expect(tx.fetchval('select 1')).rejects.toThrow(InterfaceError)
    await expect(tx.commit()).rejects.toThrow(InterfaceError)
    await tx[Symbol.asyncDispose]()
    expect(await pool.fetchval('select 1')).toBe(1)
  })
})

test('wrong options are refused before anything is sent', async () => {
  const wrong: [unknown, string][] = [
    [null, 'must be an object'],
    [{ isolation: 'SERIALIZABLE; drop table x' }, '"isolation"'],
    [{ readonly: 1 }, '"readonly"'],
    [{ deferrable: 'yes' }, '"deferrable"'],
    [{ signal: {} }, '"signal"'],
    [{ timeout: -1 }, '"timeout"'],
    [{ isolationLevel: 'serializable' }, '"isolationLevel"'],
    [{ retry: 3 }, '"retry"'],
    [{ retry: { attempts: 0 } }, '"retry.attempts"'],
    [{ retry: { backoff: { factor: 0.5 } } }, '"retry.backoff.factor"'],
    [{ retry: { backoff: { jitter: 2 } } }, '"retry.backoff.jitter"'],
  ]
  for (const [options, message] of wrong) {
    expect(() => conn.transaction(() => {}, options as never)).toThrow(message)
  }
  expect(() => conn.begin({ retry: true } as never)).toThrow('"retry"')
  expect(() => conn.transaction('select 1' as never)).toThrow(TypeError)
  expect(conn.transactionStatus).toBe('idle')
})
