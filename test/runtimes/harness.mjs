import assert from 'node:assert/strict'
import { connect } from 'sluice'

/** The connection strings of the server, by what they are for. */
export const addresses = JSON.parse(process.env.SERVER)

export async function connected(dsn, options, use) {
  const conn = await connect(dsn, options)
  try {
    await use(conn)
  } finally {
    await conn.close()
  }
}

export async function answers(conn) {
  assert.equal(await conn.fetchval('select $1::int4 + 1', [1]), 2)
}

/** Megabytes both ways, in one value and in many rows. */
export async function bulk(conn) {
  const big = Buffer.alloc(5_000_003, 'sluice')
  assert.ok(big.equals(await conn.fetchval('select $1::bytea', [big])))
  const rows = await conn.fetch("select n, repeat('x', 100) as x from generate_series(1, 20000) n")
  assert.equal(rows.length, 20_000)
  assert.ok(rows.every(({ n, x }, i) => n === i + 1 && x.length === 100))
}

/** What a promise rejects with. */
export function failure(promise) {
  return promise.then(
    () => assert.fail('did not fail'),
    (error) => error,
  )
}
