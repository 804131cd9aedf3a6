import assert from 'node:assert/strict'
import PgBoss from 'pg-boss'

const boss = new PgBoss(process.env.DSN)
boss.on('error', (error) => {
  console.error(error)
  process.exitCode = 1
})
await boss.start()
await boss.createQueue('queue')
const done = []
const finished = new Promise((resolve) => {
  boss.work('queue', { pollingIntervalSeconds: 0.5 }, async ([job]) => {
    done.push(job.data.n)
    if (done.length === 3) resolve()
  })
})
for (const n of [1, 2, 3]) await boss.send('queue', { n })
await finished
assert.deepEqual(done.sort(), [1, 2, 3])
await boss.stop({ graceful: true })
console.log('made its schema, sent and worked three jobs')
