/** Transfers that get in each other's way: every one succeeds in the end, and no money is lost. */
import { createPool, onQuery, sql } from 'sluice'
import { database } from './support/database.js'

await using db = await database()
await using pool = await createPool(db.dsn, { minSize: 2, maxSize: 5 })
await pool.execute('create unlogged table example_accounts (id int primary key, balance int)')
await pool.execute('insert into example_accounts select i, 100 from generate_series(1, 3) i')

let failures = 0
const counting = onQuery(({ error }) => {
  if (error !== undefined) failures += 1
})

async function transfer(from: number, to: number, amount: number): Promise<void> {
  await pool.transaction(
    async (tx) => {
      for (const [id, change] of [
        [from, -amount],
        [to, amount],
      ]) {
        const balance = await tx.fetchval<number>(
          sql`select balance from example_accounts where id = ${id}`,
        )
        await tx.execute(
          sql`update example_accounts set balance = ${(balance ?? 0) + (change ?? 0)} where id = ${id}`,
        )
      }
    },
    { isolation: 'serializable', retry: { attempts: 100 } },
  )
}

await Promise.all(Array.from({ length: 30 }, (_, i) => transfer((i % 3) + 1, ((i + 1) % 3) + 1, 5)))
counting[Symbol.dispose]()

const total = await pool.fetchval<number>('select sum(balance)::int from example_accounts')
await pool.execute('drop table example_accounts')
console.log(`30 transfers, ${failures} conflicts, ${total} in all accounts`)
