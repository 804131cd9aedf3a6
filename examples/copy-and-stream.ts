/** A CSV goes in by COPY, is read back as a stream, and a part of it goes out as CSV. */
import { Readable } from 'node:stream'
import { connect } from 'sluice'
import { database } from './support/database.js'

interface Reading {
  readonly sensor: number
  readonly celsius: number
}

await using db = await database()
await using conn = await connect(db.dsn)

await conn.execute('create temp table readings (sensor int, celsius float8)')

function* csv(): Generator<string> {
  yield 'sensor,celsius\n'
  for (let i = 0; i < 100_000; i++) yield `${i % 10},${(i % 400) / 10}\n`
}
const copied = await conn.copyFrom('readings', Readable.from(csv()), {
  format: 'csv',
  header: true,
})
console.log(`copied ${copied.rowCount} rows in`)

const warmest = new Map<number, number>()
for await (const { sensor, celsius } of conn.stream<Reading>('select * from readings')) {
  warmest.set(sensor, Math.max(celsius, warmest.get(sensor) ?? Number.NEGATIVE_INFINITY))
}
console.log(`warmest of sensor 3: ${warmest.get(3)}`)

for await (const rows of conn.stream<Reading>('select * from readings').chunks()) {
  console.log(`the first chunk has ${rows.length > 0 ? 'rows' : 'no rows'}`)
  break
}

const query = `select sensor, max(celsius) from readings group by 1 order by 1 limit 2`
for await (const piece of conn.copyTo({ query }, undefined, { format: 'csv', header: true })) {
  process.stdout.write(piece)
}
