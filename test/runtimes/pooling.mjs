import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { ConnectionError, createPool } from 'sluice'
import { addresses, connected, failure } from './harness.mjs'
import { relayed } from './relay.mjs'

const { plain, scram } = addresses

/** Pools, and connections that do not go well. */
export const pooling = {
  async 'a pool under load, with its deadlines'() {
    const pool = await createPool(scram, { minSize: 2, maxSize: 4, acquireTimeout: 20_000 })
    try {
      const values = await Promise.all(
        Array.from({ length: 300 }, (_, i) => pool.fetchval('select $1::int4', [i])),
      )
      assert.deepEqual(
        values,
        Array.from({ length: 300 }, (_, i) => i),
      )
      const held = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()))
      const late = await failure(pool.acquire({ timeout: 20 }))
      assert.equal(late.name, 'PoolTimeoutError')
      for (const conn of held) await conn.release()
      await pool.use((conn) => conn.execute('set search_path = nowhere'))
      assert.notEqual(await pool.fetchval('show search_path'), 'nowhere')
      const sum = await pool.transaction((tx) => tx.fetchval('select 40 + 2'))
      assert.equal(sum, 42)
    } finally {
      await pool.close()
    }
    assert.equal((await failure(pool.fetch('select 1'))).name, 'PoolClosedError')
  },

  async 'the pool heals after its connections were killed'() {
    const pool = await createPool(plain, {
      minSize: 3,
      maxSize: 3,
      applicationName: 'runtime-victim',
    })
    try {
      const sleeping = failure(pool.fetch('select pg_sleep(60)'))
      await connected(plain, {}, async (conn) => {
        while (
          (await conn.fetchval(
            "select count(*)::int4 from pg_stat_activity where wait_event = 'PgSleep' and application_name = 'runtime-victim'",
          )) === 0
        );
        await conn.fetch(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'runtime-victim'",
        )
      })
      assert.match((await sleeping).message, /terminating connection/)
      // Each of the other two may be lent once more before its end is read.
      const answers = []
      for (let i = 0; i < 3; i++)
        answers.push(await pool.fetchval('select 1').catch(() => undefined))
      assert.equal(answers.at(-1), 1)
    } finally {
      await pool.close()
    }
  },

  async 'pool.listen'() {
    const pool = await createPool(plain, { maxSize: 1 })
    try {
      const events = pool.listen('runtimes')
      await events.listening
      await pool.notify('runtimes', 'one')
      for await (const event of events) {
        assert.equal(event.payload, 'one')
        break
      }
    } finally {
      await pool.close()
    }
  },

  async 'a reader that stops is not flooded'() {
    await relayed(plain, async (dsn, relay) => {
      await connected(dsn, {}, async (conn) => {
        const reader = conn
          .stream("select repeat('x', 100000) from generate_series(1, 1000)")
          .getReader()
        await reader.read()
        let before = -1
        // What the buffers on the way hold arrives; then nothing moves.
        while (before !== relay.bytes) {
          before = relay.bytes
          await new Promise((resolve) => setTimeout(resolve, 200))
        }
        assert.ok(relay.bytes < 50_000_000, `${relay.bytes} bytes were taken`)
        let rows = 1
        while (!(await reader.read()).done) rows++
        assert.equal(rows, 1_000)
      })
    })
  },

  async 'a connection that is cut fails what runs, and the pool goes on'() {
    await relayed(plain, async (dsn, relay) => {
      const pool = await createPool(dsn, { minSize: 1, maxSize: 2 })
      try {
        const stopped = pool.fetch('select pg_sleep(60)').catch((error) => error)
        await new Promise((resolve) => setTimeout(resolve, 100))
        relay.cut()
        const error = await stopped
        assert.ok(error instanceof ConnectionError, inspect(error))
        assert.equal(await pool.fetchval('select 1'), 1)
      } finally {
        await pool.close()
      }
    })
  },
}
