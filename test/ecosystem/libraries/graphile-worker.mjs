import assert from 'node:assert/strict'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'

const pgPool = new pg.Pool({ connectionString: process.env.DSN })
const logger = new Logger(() => () => {})
const done = []
let resolve
const finished = new Promise((settle) => {
  resolve = settle
})
const runner = await run({
  pgPool,
  logger,
  concurrency: 3,
  noHandleSignals: true,
  taskList: {
    hello: async ({ n }) => {
      done.push(n)
      if (done.length === 5) resolve()
    },
  },
})
const utils = await makeWorkerUtils({ pgPool, logger })
for (const n of [1, 2, 3, 4, 5]) await utils.addJob('hello', { n })
await finished
assert.deepEqual(done.sort(), [1, 2, 3, 4, 5])
await runner.stop()
await utils.release()
await pgPool.end()
console.log('migrated, listened, worked five jobs')
