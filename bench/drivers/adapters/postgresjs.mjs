/** postgres.js as it comes: prepared statements and pipelining are on by default. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import postgres from 'postgres'

const manifest = new URL('../../node_modules/postgres/package.json', import.meta.url)
export const { version } = JSON.parse(readFileSync(manifest, 'utf8'))

export async function open(target, mode) {
  const connect = (max) => postgres({ ...target, max, onnotice: () => {} })
  const clients = mode.pool
    ? [connect(mode.connections)]
    : Array.from({ length: mode.connections }, () => connect(1))
  await Promise.all(clients.map((sql) => sql`select 1`))
  const of = (caller) => clients[caller % clients.length]
  return {
    fetch: (text, values, caller) => of(caller).unsafe(text, values, { prepare: true }),
    async batch({ sql: text, rows }, caller) {
      const sql = of(caller)
      // Side by side in one transaction: its way to send many rows to one statement.
      await sql.begin((tx) => rows.map((row) => tx.unsafe(text, row, { prepare: true })))
      return rows.length
    },
    async copy({ table, columns, rows }, caller) {
      const names = columns.map((column) => column.name).join(', ')
      const sink = await of(caller).unsafe(`copy ${table} (${names}) from stdin`).writable()
      await pipeline(Readable.from(lines(rows)), sink)
      return rows.length
    },
    async bulk({ table, columns, rows }, caller) {
      const sql = of(caller)
      const names = columns.map((column) => column.name)
      await sql`insert into ${sql(table)} (${sql(names)}) values ${sql(rows)}`
      return rows.length
    },
    async stream(text) {
      let count = 0
      for await (const rows of clients[0].unsafe(text).cursor(1000)) {
        for (const row of rows) if (row.id > 0) count++
      }
      return count
    },
    async connect(text) {
      // It asks the catalogue for the types of arrays on each connection unless told not to.
      const sql = postgres({ ...target, max: 1, fetch_types: false, onnotice: () => {} })
      const rows = await sql.unsafe(text)
      await sql.end()
      return rows
    },
    close: () => Promise.all(clients.map((sql) => sql.end({ timeout: 1 }))),
  }
}

function* lines(rows) {
  let text = ''
  for (const row of rows) {
    text += `${row.join('\t')}\n`
    if (text.length > 65_536) {
      yield text
      text = ''
    }
  }
  yield text
}
