/** sluice as it comes. */
import { createRequire } from 'node:module'
import { connect, createPool } from '../../../dist/index.js'

export const { version } = createRequire(import.meta.url)('../../../package.json')

export async function open(target, mode, _job, poolOptions = {}) {
  const { host, port, user, password, database } = target
  const options = { host, port, user, password, database, ssl: 'disable' }
  if (mode.pool) {
    const pool = await createPool({
      ...options,
      minSize: mode.connections,
      maxSize: mode.connections,
      ...poolOptions,
    })
    return { fetch: (sql, params) => pool.fetch(sql, params), close: () => pool.close() }
  }
  const connections = await Promise.all(
    Array.from({ length: mode.connections }, () => connect(options)),
  )
  // Its connections serve one query each; they share the keys of the password, as those of every pool do.
  const fresh = await createPool({ ...options, minSize: 0, maxSize: 1, maxQueries: 1 })
  const of = (caller) => connections[caller % connections.length]
  const namesOf = (columns) => columns.map((column) => column.name)
  return {
    fetch: (sql, params, caller) => of(caller).fetch(sql, params),
    async batch({ sql, rows }, caller) {
      await of(caller).executemany(sql, rows)
      return rows.length
    },
    async copy({ table, columns, rows }, caller) {
      await of(caller).copyRecordsTo(table, rows, { columns: namesOf(columns) })
      return rows.length
    },
    async bulk({ table, columns, rows }, caller) {
      await of(caller).insertMany(table, rows, { columns: namesOf(columns) })
      return rows.length
    },
    async stream(sql) {
      let count = 0
      for await (const row of connections[0].stream(sql)) if (row.id > 0) count++
      return count
    },
    connect: (sql) => fresh.fetch(sql),
    close: () => Promise.all([...connections, fresh].map((each) => each.close())),
  }
}
