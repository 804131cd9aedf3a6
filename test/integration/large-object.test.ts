import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Connection,
  connect,
  createLargeObject,
  InterfaceError,
  openLargeObject,
  type Transaction,
  unlinkLargeObject,
} from '../../src/index.js'
import { testServer } from '../support/server.js'

let conn: Connection

beforeAll(async () => {
  conn = await connect((await testServer()).dsn())
})

afterAll(() => conn.close())

/** Runs `fn` with a new large object, which is gone afterwards. */
const withObject = (fn: (tx: Transaction, oid: number) => Promise<void>) =>
  conn.transaction(async (tx) => {
    await fn(tx, await createLargeObject(tx))
    await tx.rollback()
  })

describe('a large object', () => {
  test('is written, read, sought and cut off', () =>
    withObject(async (tx, oid) => {
      const object = await openLargeObject(tx, oid, 'read-write')
      await object.write(Buffer.from('hello world'))
      expect(await object.seek(6)).toBe(6)
      expect(String(await object.read(100))).toBe('world')
      expect(await object.read(100)).toHaveLength(0)
      expect(await object.seek(-5, 'end')).toBe(6)
      expect(await object.seek(-1, 'current')).toBe(5)
      await object.truncate(5)
      expect(await object.seek(0, 'end')).toBe(5)
      await object.truncate(7)
      await object.seek(0)
      expect(await object.read(100)).toEqual(Buffer.from('hello\0\0'))
    }))

  test('has positions beyond 32 bits', () =>
    withObject(async (tx, oid) => {
      const object = await openLargeObject(tx, oid, 'read-write')
      const far = 2 ** 32 + 10
      expect(await object.seek(BigInt(far))).toBe(far)
      await object.write(Buffer.from('far'))
      expect(await object.seek(0, 'end')).toBe(far + 3)
      await object.truncate(far + 1)
      await object.seek(far)
      expect(String(await object.read(10))).toBe('f')
    }))

  test('goes in and out as web streams', () =>
    withObject(async (tx, oid) => {
      const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251))
      {
        await using object = await openLargeObject(tx, oid, 'write')
        await new Blob([bytes]).stream().pipeTo(object.writable())
      }
      await using object = await openLargeObject(tx, oid)
      const read = await new Response(object.readable()).arrayBuffer()
      expect(Buffer.from(read).equals(bytes)).toBe(true)
    }))

  test('is the same whatever the connection makes of its types', async () => {
    const given = { encode: () => '7', decode: (text: string) => `#${text}` }
    await using other = await connect((await testServer()).dsn(), {
      types: { bytea: given, int4: given, int8: given, oid: given },
    })
    await using tx = await other.begin()
    const object = await openLargeObject(tx, await createLargeObject(tx), 'read-write')
    await object.write(Buffer.from('hello'))
    expect(await object.seek(1)).toBe(1)
    expect(await object.read(4)).toEqual(Buffer.from('ello'))
    await object.close()
    await unlinkLargeObject(tx, object.oid)
  })

  test('can be deleted', () =>
    withObject(async (tx, oid) => {
      await unlinkLargeObject(tx, oid)
      await using inner = await tx.begin()
      await expect(openLargeObject(inner, oid)).rejects.toMatchObject({
        condition: 'undefined_object',
      })
    }))

  test('may have a chosen OID', async () => {
    await using tx = await conn.begin()
    expect(await createLargeObject(tx, 987_654)).toBe(987_654)
  })
})

test('bad input', () =>
  withObject(async (tx, oid) => {
    await expect(openLargeObject(tx, oid, 'append' as never)).rejects.toThrow(TypeError)
    const object = await openLargeObject(tx, oid)
    await expect(object.read(-1)).rejects.toThrow(RangeError)
    await expect(object.seek(0, 'middle' as never)).rejects.toThrow(TypeError)
    await expect(object.seek(0.5)).rejects.toMatchObject({ code: 'ERR_SLUICE_ENCODE' })
    await object.close()
    await object.close()
    await expect(object.read(1)).rejects.toThrow(InterfaceError)
  }))

test('each call can be given up, before it is sent and while it runs', () =>
  withObject(async (tx, oid) => {
    const reason = new Error('no longer wanted')
    const aborted = { signal: AbortSignal.abort(reason) }
    const object = await openLargeObject(tx, oid, 'read-write')
    for (const call of [
      () => createLargeObject(tx, 0, aborted),
      () => openLargeObject(tx, oid, 'read', aborted),
      () => unlinkLargeObject(tx, oid, aborted),
      () => object.read(1, aborted),
      () => object.write(Buffer.from('x'), aborted),
      () => object.seek(0, 'start', aborted),
      () => object.truncate(0, aborted),
    ]) {
      await expect(call()).rejects.toBe(reason)
    }
    await object.write(Buffer.from('abc'))
    await object.seek(0)
    const controller = new AbortController()
    const slow = tx.fetchval('select pg_sleep(0.2)')
    const reading = object.read(3, { signal: controller.signal })
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await slow
    expect((await object.read(3, { timeout: 5_000 })).toString()).toBe('abc')
  }))

test('what is read-only cannot be written, and the stream of a failing one fails', () =>
  withObject(async (tx, oid) => {
    const object = await openLargeObject(tx, oid)
    await expect(object.write(Buffer.from('x'))).rejects.toMatchObject({ code: '55000' })
    await expect(new Response(object.readable()).text()).rejects.toThrow('transaction is aborted')
  }))

test('after the transaction it is dead', async () => {
  const object = await conn.transaction(async (tx) =>
    openLargeObject(tx, await createLargeObject(tx, 987_655), 'read'),
  )
  await expect(object.read(1)).rejects.toThrow(InterfaceError)
  await object[Symbol.asyncDispose]()
  await conn.transaction((tx) => unlinkLargeObject(tx, 987_655))
})
