import { expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { testServer } from '../support/server.js'

test('requests and answers larger than every buffer between do not lock each other', async () => {
  await using conn = await connect((await testServer()).dsn())
  const text = 'x'.repeat(100_000)
  // 200 MB each way, of which neither side can take more than a few at a time.
  const results = await Promise.all(
    Array.from({ length: 2_000 }, () =>
      conn.fetchval<string>("select $1::text || 'y'", [text]).then((value) => value?.length),
    ),
  )
  expect(new Set(results)).toEqual(new Set([100_001]))
})

test('ten thousand queries sent together are answered in their order', async () => {
  await using conn = await connect((await testServer()).dsn())
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 10_000 }, (_, i) =>
      conn.fetchval('select $1::int4', [i]).then((value) => order.push(Number(value))),
    ),
  )
  expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
})
