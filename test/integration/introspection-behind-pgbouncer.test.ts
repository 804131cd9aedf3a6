import { expect, test } from 'vitest'
import { createPool } from '../../src/index.js'
import { useDatabase } from '../support/databases.js'
import { hasPgBouncer, PgBouncer } from './pgbouncer.js'

const { dsn } = useDatabase(`
  create type mood as enum ('sad', 'fine');
  create type pair as (a int4, b mood[]);
`)

if (!hasPgBouncer) console.info('PgBouncer is not installed; its tests are left out')

// Its transaction mode knows no prepared statements before 1.21, so none are kept.
test.runIf(hasPgBouncer)('types are looked up behind PgBouncer in transaction mode', async () => {
  await using bouncer = await PgBouncer.start(dsn())
  await using pool = await createPool(bouncer.dsn, {
    minSize: 5,
    maxSize: 5,
    statementCacheSize: 0,
  })
  const value = { a: 1, b: ['sad', null] }
  const query = 'select $1::pair as value, $2::mood as mood'
  const rows = await Promise.all(
    Array.from({ length: 50 }, () => pool.fetchrow(query, [value, 'fine'])),
  )
  expect(rows).toEqual(Array.from({ length: 50 }, () => ({ value, mood: 'fine' })))
  const inTransaction = await pool.transaction(async (tx) => {
    await tx.execute('create type fresh as (pairs pair[])')
    return tx.fetchval('select row(array[$1::pair])::fresh', [value])
  })
  expect(inTransaction).toEqual({ pairs: [value] })
  await pool.setTypeCodec('mood', { decode: (text: string) => text.toUpperCase() })
  expect(await pool.fetchval('select $1::pair', [value])).toEqual({ a: 1, b: ['SAD', null] })
})
