import assert from 'node:assert/strict'
import { connect, Range, SluiceError, SyntaxErrorOrAccessRuleViolation, sql } from 'sluice'
import { addresses, answers, bulk, connected, failure } from './harness.mjs'

const { plain, verified } = addresses

/** What a connection can do. */
export const querying = {
  'values come back as they went': () => connected(plain, {}, roundTrip),
  'a result and a parameter of megabytes': () => connected(plain, {}, bulk),

  'errors of the server have their class and place': () =>
    connected(plain, {}, async (conn) => {
      const error = await failure(conn.fetch('select nothing'))
      assert.ok(error instanceof SyntaxErrorOrAccessRuleViolation)
      assert.equal(error.position, 8)
      assert.equal(error.condition, 'undefined_column')
      await answers(conn)
    }),

  'bad input is refused by name': () =>
    connected(plain, {}, async (conn) => {
      const error = await failure(conn.fetch('select $1::int4', ['one']))
      assert.equal(error.name, 'EncodeError')
      assert.match(error.message, /\$1/)
      await answers(conn)
    }),

  'hostile names of columns': () =>
    connected(plain, {}, async (conn) => {
      const row = await conn.fetchrow(
        'select 1 as "__proto__", 2 as "constructor", 3 as """});throw 1//", 4 as "\u2028"',
      )
      assert.deepEqual(Object.entries(row), [
        ['__proto__', 1],
        ['constructor', 2],
        ['"});throw 1//', 3],
        ['\u2028', 4],
      ])
      assert.equal({}.polluted, undefined)
    }),

  'statements are prepared': () =>
    connected(plain, {}, async (conn) => {
      const statement = await conn.prepare('select $1::int4 + 1')
      assert.deepEqual(await Promise.all([1, 2, 3].map((n) => statement.fetchval([n]))), [2, 3, 4])
      await statement.close()
    }),

  'many, batch and the template': () =>
    connected(plain, {}, async (conn) => {
      await conn.execute('create temp table t (a int4, b text)')
      const rows = Array.from({ length: 2_000 }, (_, i) => [i, `row ${i}`])
      await conn.executemany('insert into t values ($1, $2)', rows)
      const [counted, summed] = await conn.batch([
        'select count(*)::int4 c from t',
        'select sum(a)::int4 s from t',
      ])
      assert.deepEqual([counted.rows[0].c, summed.rows[0].s], [2_000, 1_999_000])
      assert.equal(await conn.fetchval(sql`select b from t where a = ${7}`), 'row 7')
    }),

  'transactions, savepoints, rollback': () =>
    connected(plain, {}, async (conn) => {
      await conn.execute('create temp table t (a int4)')
      await conn.transaction(async (tx) => {
        await tx.execute('insert into t values (1)')
        await tx
          .transaction(async (inner) => {
            await inner.execute('insert into t values (2)')
            throw new Error('back')
          })
          .catch((error) => assert.equal(error.message, 'back'))
      })
      const error = await failure(
        conn.transaction(async (tx) => {
          await tx.execute('insert into t values (3)')
          throw new Error('all')
        }),
      )
      assert.equal(error.message, 'all')
      assert.deepEqual(await conn.fetchcol('select a from t'), [1])
    }),

  'cursors and streams': () =>
    connected(plain, {}, async (conn) => {
      let sum = 0
      await conn.transaction(async (tx) => {
        for await (const { n } of tx.cursor('select n from generate_series(1, 1000) n', [], {
          prefetch: 64,
        }))
          sum += n
      })
      for await (const { n } of conn.stream('select n from generate_series(1, 50000) n')) sum += n
      for await (const { n } of conn.stream('select n from generate_series(1, 1000000) n')) {
        if (n === 3) break
      }
      assert.equal(sum, 500_500 + 1_250_025_000)
      await answers(conn)
    }),

  'COPY both ways': () =>
    connected(plain, {}, async (conn) => {
      await conn.execute('create temp table t (a int4, b text)')
      const lines = Array.from({ length: 20_000 }, (_, i) => `${i}\tline ${i}\n`)
      await conn.copyFrom('t', lines)
      const pieces = []
      for await (const piece of conn.copyTo('t')) pieces.push(piece)
      assert.equal(Buffer.concat(pieces).toString(), lines.join(''))
      let written = 0
      await conn.copyTo(
        't',
        new WritableStream({
          write(piece) {
            written += piece.length
          },
        }),
      )
      assert.equal(written, lines.join('').length)
      await conn.copyFrom('t', new Blob(lines).stream())
      assert.equal(await conn.fetchval('select count(*)::int4 from t'), 40_000)
      await conn.copyRecordsTo('t', [[-1, 'ä'], { a: -2, b: null }], { columns: ['a', 'b'] })
      const records = []
      for await (const record of conn.copyRecordsFrom('select * from t where a < 0'))
        records.push(record)
      assert.deepEqual(
        records.map((record) => ({ ...record })),
        [
          { a: -1, b: 'ä' },
          { a: -2, b: null },
        ],
      )
    }),

  'LISTEN and NOTIFY': () =>
    connected(plain, {}, async (conn) => {
      const heard = deferred()
      await conn.listen('Some channel', ({ payload }) => heard.resolve(payload))
      await connected(plain, {}, (other) => other.notify('Some channel', 'ö'))
      assert.equal(await heard.promise, 'ö')
    }),

  'cancellation by signal and by timeout': () =>
    connected(verified, {}, async (conn) => {
      const abort = new AbortController()
      const reason = new Error('enough')
      setTimeout(() => abort.abort(reason), 50)
      assert.equal(
        await failure(conn.fetch('select pg_sleep(60)', [], { signal: abort.signal })),
        reason,
      )
      const late = await failure(conn.fetch('select pg_sleep(60)', [], { timeout: 50 }))
      assert.equal(late.name, 'QueryTimeoutError')
      await answers(conn)
    }),

  async 'close() waits for what runs'() {
    const conn = await connect(plain)
    const [value] = await Promise.all([conn.fetchval('select 5 from pg_sleep(0.05)'), conn.close()])
    assert.equal(value, 5)
    assert.ok((await failure(conn.fetch('select 1'))) instanceof SluiceError)
  },
}

async function roundTrip(conn) {
  const values = [
    ['bool', true],
    ['int2', -3],
    ['int4', 2 ** 31 - 1],
    ['float8', Math.PI],
    ['text', 'ünï\u{1F600}'],
    ['bytea', Buffer.from([0, 1, 255])],
    ['uuid', '0f0e0d0c-0b0a-4908-8706-050403020100'],
    ['jsonb', { a: [1, null, { b: 'ß' }] }],
    ['timestamptz', new Date(1_700_000_000_123)],
    ['int4[]', [1, null, 3]],
    [
      'text[]',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['int4range', new Range(1, 5)],
    ['numeric', '12345678901234567890.123456789'],
    ['inet', '10.0.0.0/8'],
    ['point', { x: 1, y: 2.5 }],
  ]
  for (const [type, value] of values) {
    assert.deepEqual(await conn.fetchval(`select $1::${type}`, [value]), value, type)
    assert.equal(await conn.fetchval(`select $1::${type}`, [null]), null)
  }
  await conn.setTypeCodec('int8', { decode: BigInt })
  assert.equal(await conn.fetchval('select $1::int8', [2n ** 62n]), 2n ** 62n)
}

function deferred() {
  let resolve
  const promise = new Promise((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
