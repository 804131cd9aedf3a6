/**
 * Counts, in a process of its own, what a query costs that time would not show reliably: writes to the
 * socket, and bytes allocated. Run with --expose-gc and a young generation that is not collected
 * meanwhile. Prints its figures as JSON.
 */
import { Socket } from 'node:net'
import { connect, createPool } from '../../dist/index.js'

const [, , dsn] = process.argv
const ROWS = 5_000
const QUERIES = 500

let writes = 0
const { write } = Socket.prototype
Socket.prototype.write = function (...args) {
  writes += 1
  return write.apply(this, args)
}

async function writesOf(fn) {
  const before = writes
  await fn()
  return writes - before
}

/** The least of some measurements: what else happens in the process only adds to it. */
async function bytesOf(fn) {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 7; i++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    const kept = await fn()
    least = Math.min(least, process.memoryUsage().heapUsed - before)
    if (kept === undefined) throw new Error('nothing came')
  }
  return least
}

/** Whether the first row of a stream is still held when the last of those that came with it was taken. */
async function keptByStream() {
  const rows = conn.stream('select i from generate_series(1, 3) as i')[Symbol.asyncIterator]()
  const first = new WeakRef((await rows.next()).value)
  await rows.next()
  await rows.next()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc()
  const isKept = first.deref() !== undefined
  await rows.return()
  return isKept ? 1 : 0
}

const rowsSql = `select i as a, i as b, i as c, i as d from generate_series(1, ${ROWS}) as i`
const plainRows = () => {
  const rows = []
  for (let i = 0; i < ROWS; i++) rows.push({ a: i, b: i, c: i, d: i })
  return rows
}

const conn = await connect(dsn, { ssl: 'disable' })
const pool = await createPool(dsn, { ssl: 'disable', minSize: 1, maxSize: 1 })
const one = () => conn.fetchval('select $1::int4', [1])
const many = async () => {
  for (let i = 0; i < QUERIES; i++) await one()
  return true
}
for (let i = 0; i < 20; i++) {
  await many()
  await conn.fetch(rowsSql)
  plainRows()
}
await pool.fetchval('select 1')

const figures = {
  writesOfOneQuery: await writesOf(one),
  writesOfHundredAtOnce: await writesOf(() => Promise.all(Array.from({ length: 100 }, one))),
  writesOfHundredOnAPool: await writesOf(() =>
    Promise.all(Array.from({ length: 100 }, () => pool.fetchval('select 1'))),
  ),
  bytesPerRow: (await bytesOf(() => conn.fetch(rowsSql))) / ROWS,
  bytesPerPlainRow: (await bytesOf(async () => plainRows())) / ROWS,
  rowsKeptByStream: await keptByStream(),
  bytesPerQuery: (await bytesOf(many)) / QUERIES,
}
console.log(JSON.stringify(figures))
await pool.close()
await conn.close()
