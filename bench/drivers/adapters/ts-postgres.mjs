/** ts-postgres: a prepared statement for each text, queries pipelined. It has no pool and no COPY. */
import { readFileSync } from 'node:fs'
import { connect } from 'ts-postgres'

const manifest = new URL('../../node_modules/ts-postgres/package.json', import.meta.url)
export const { version } = JSON.parse(readFileSync(manifest, 'utf8'))

export async function open(target, mode, job) {
  if (mode.pool) throw new Error('ts-postgres has no pool')
  if (job.kind === 'copy' || job.kind === 'bulk') throw new Error(`ts-postgres has no ${job.kind}`)
  const { host, port, user, password, database } = target
  const clients = await Promise.all(
    Array.from({ length: mode.connections }, () =>
      connect({ host, port, user, password, database }),
    ),
  )
  const statements = clients.map(() => new Map())
  const prepared = async (caller, sql) => {
    const index = caller % clients.length
    let statement = statements[index].get(sql)
    if (statement === undefined) {
      statement = clients[index].prepare(sql)
      statements[index].set(sql, statement)
    }
    return statement
  }
  return {
    fetch: async (sql, values, caller) => {
      const result = await (await prepared(caller, sql)).execute(values)
      return [...result]
    },
    async batch({ sql, rows }, caller) {
      const statement = await prepared(caller, sql)
      await Promise.all(rows.map((row) => statement.execute(row)))
      return rows.length
    },
    async connect(sql) {
      const client = await connect({ host, port, user, password, database })
      const rows = [...(await client.query(sql))]
      await client.end()
      return rows
    },
    async stream(sql) {
      let count = 0
      for await (const row of clients[0].query(sql)) if (row.get('id') > 0) count++
      return count
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  }
}
