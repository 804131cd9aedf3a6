/** postgrejs, over the unix socket where there is one: it takes TLS whenever that is offered. */
import { readFileSync } from 'node:fs'
import { Connection, DataTypeOIDs, Pool } from 'postgrejs'

const manifest = new URL('../../node_modules/postgrejs/package.json', import.meta.url)
export const { version } = JSON.parse(readFileSync(manifest, 'utf8'))

export async function open(target, mode, job) {
  if (job.kind === 'connect') throw new Error('postgrejs takes the unix socket, the others do not')
  const config = {
    host: target.socketDir ?? target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
  }
  const query = async (executor, sql, params) => {
    const options = { params, objectRows: true, fetchCount: 1_000_000 }
    return (await executor.query(sql, options)).rows ?? []
  }
  if (mode.pool) {
    const pool = new Pool({ ...config, max: mode.connections })
    return { fetch: (sql, params) => query(pool, sql, params), close: () => pool.close(0) }
  }
  const connections = Array.from({ length: mode.connections }, () => new Connection(config))
  await Promise.all(connections.map((connection) => connection.connect()))
  const of = (caller) => connections[caller % connections.length]
  const statements = new Map()
  const types = { int: DataTypeOIDs.int4, text: DataTypeOIDs.text, float8: DataTypeOIDs.float8 }
  return {
    fetch: (sql, params, caller) => query(of(caller), sql, params),
    async batch({ sql, columns, rows }, caller) {
      const connection = of(caller)
      let statement = statements.get(connection)
      if (statement === undefined) {
        const paramTypes = columns.map(({ type }) => types[type])
        statement = await connection.prepare(sql, { paramTypes })
        statements.set(connection, statement)
      }
      for (const row of rows) await statement.execute({ params: row })
      return rows.length
    },
    copy: () => Promise.reject(new Error('postgrejs has no COPY that fits')),
    bulk: () => Promise.reject(new Error('postgrejs has no bulk insert')),
    stream: () => Promise.reject(new Error('postgrejs is left out of streaming')),
    close: () => Promise.all(connections.map((connection) => connection.close(0))),
  }
}
