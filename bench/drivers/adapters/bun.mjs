/** Bun.SQL, in Bun: prepared statements and pipelining are on by default. It has no COPY and no cursor. */
import { SQL } from 'bun'

export const version = process.versions.bun

export async function open(target, mode, job) {
  if (job.kind === 'copy' || job.kind === 'stream') throw new Error(`Bun.SQL has no ${job.kind}`)
  const { host: hostname, port, user: username, password, database } = target
  const connect = (max) =>
    new SQL({ hostname, port, username, password, database, max, tls: false })
  const clients = mode.pool
    ? [connect(mode.connections)]
    : Array.from({ length: mode.connections }, () => connect(1))
  await Promise.all(clients.map((sql) => sql`select 1`))
  const of = (caller) => clients[caller % clients.length]
  return {
    fetch: (text, values, caller) => of(caller).unsafe(text, values),
    async batch({ sql: text, rows }, caller) {
      const sql = of(caller)
      await sql.begin((tx) => Promise.all(rows.map((row) => tx.unsafe(text, row))))
      return rows.length
    },
    async bulk({ table, columns, rows }, caller) {
      const sql = of(caller)
      const names = columns.map((column) => column.name)
      const objects = rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
      await sql`insert into ${sql(table)} ${sql(objects)}`
      return rows.length
    },
    async connect(text) {
      const sql = connect(1)
      const rows = await sql.unsafe(text)
      await sql.close()
      return rows
    },
    close: () => Promise.all(clients.map((sql) => sql.close({ timeout: 0 }))),
  }
}
