import { expect, expectTypeOf, test } from 'vitest'
import { type Connection, decodeValue, type Pool, type QueryResult } from '../../../src/index.js'

interface User {
  readonly id: number
  readonly name: string
}

interface Price {
  readonly cents: number
}

// Held by the type checker; nothing of it runs.
async function typesOf(conn: Connection, pool: Pool): Promise<void> {
  for (const queryable of [conn, pool]) {
    expectTypeOf(await queryable.fetch('')).toEqualTypeOf<Record<string, unknown>[]>()
    expectTypeOf(await queryable.fetch<User>('')).toEqualTypeOf<User[]>()
    expectTypeOf(await queryable.fetchrow('')).toEqualTypeOf<Record<string, unknown> | null>()
    expectTypeOf(await queryable.fetchrow<User>('')).toEqualTypeOf<User | null>()
    expectTypeOf(await queryable.fetchval('')).toEqualTypeOf<unknown>()
    expectTypeOf(await queryable.fetchval<number>('')).toEqualTypeOf<number | null>()
    expectTypeOf(await queryable.query('')).toEqualTypeOf<QueryResult<Record<string, unknown>>>()
    expectTypeOf(await queryable.query<User>('')).toEqualTypeOf<QueryResult<User>>()
    const [row] = await queryable.fetch('')
    expectTypeOf(row?.['id']).toBeUnknown()

    await queryable.setTypeCodec<Price>('price', {
      encode: (price) => String(price.cents),
      decode: (text) => ({ cents: Number(text) }),
    })
    await queryable.setTypeCodec('price', {
      encode: (price: Price) => String(price.cents),
      decode: (text) => ({ cents: Number(text) }),
    })
    // @ts-expect-error: decode gives another type than encode takes
    await queryable.setTypeCodec<Price>('price', { decode: (text: string) => text })
    // @ts-expect-error: by bytes, encode gives no string
    await queryable.setTypeCodec<Price>('price', { format: 'binary', encode: () => 'x' })
    // @ts-expect-error: there is no such format
    await queryable.setTypeCodec<Price>('price', { format: 'json', encode: () => 'x' })
  }
}

test('rows are records of unknown values unless their type is given, and codecs have types', () => {
  expect(typesOf).toBeTypeOf('function')
  expectTypeOf(decodeValue<Price>).returns.toEqualTypeOf<Price>()
})
