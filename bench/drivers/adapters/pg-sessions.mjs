/** The work of a case through anything that has pg's API. */
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const require = createRequire(import.meta.url)
export const { version } = require('pg/package.json')

export async function pgSessions(pg, target, mode, _job, options) {
  const config = {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ...options,
  }
  if (mode.pool) {
    const pool = new pg.Pool({ ...config, max: mode.connections })
    return {
      fetch: async (sql, values) =>
        (await pool.query({ name: nameOf(sql), text: sql, values })).rows,
      close: () => pool.end(),
    }
  }
  const clients = Array.from({ length: mode.connections }, () => new pg.Client(config))
  await Promise.all(clients.map((client) => client.connect()))
  const of = (caller) => clients[caller % clients.length]
  const run = (client, sql, values) => client.query({ name: nameOf(sql), text: sql, values })
  return {
    fetch: async (sql, values, caller) => (await run(of(caller), sql, values)).rows,
    async batch({ sql, rows }, caller) {
      const client = of(caller)
      if (options.pipeline) await Promise.all(rows.map((row) => run(client, sql, row)))
      else for (const row of rows) await run(client, sql, row)
      return rows.length
    },
    // pg-copy-streams is the COPY of pg: text, a line a row.
    async copy({ table, columns, rows }, caller) {
      const { from } = require('pg-copy-streams')
      const names = columns.map((column) => column.name).join(', ')
      const sink = of(caller).query(from(`copy ${table} (${names}) from stdin`))
      await pipeline(Readable.from(copyText(rows)), sink)
      return rows.length
    },
    async bulk({ table, columns, rows }, caller) {
      const lists = columns.map((_, i) => rows.map((row) => row[i]))
      const casts = columns.map(({ type }, i) => `$${i + 1}::${type}[]`).join(', ')
      await run(of(caller), `insert into ${table} select * from unnest(${casts})`, lists)
      return rows.length
    },
    async stream(sql) {
      const Cursor = require('pg-cursor')
      const cursor = clients[0].query(new Cursor(sql))
      let count = 0
      for (;;) {
        const rows = await cursor.read(1000)
        if (rows.length === 0) break
        for (const row of rows) if (row.id > 0) count++
      }
      await cursor.close()
      return count
    },
    async connect(sql) {
      const client = new pg.Client(config)
      await client.connect()
      const { rows } = await client.query(sql)
      await client.end()
      return rows
    },
    close: () => Promise.all(clients.map((client) => client.end())),
  }
}

/** Statements are prepared by name; one name for each text. */
const names = new Map()
function nameOf(sql) {
  const name = names.get(sql) ?? `q${names.size}`
  names.set(sql, name)
  return name
}

function* copyText(rows) {
  let text = ''
  for (const row of rows) {
    text += `${row.map((value) => (typeof value === 'string' ? escaped(value) : value)).join('\t')}\n`
    if (text.length > 65_536) {
      yield text
      text = ''
    }
  }
  yield text
}

function escaped(text) {
  return /[\\\t\r\n]/.test(text)
    ? text.replace(
        /[\\\t\r\n]/g,
        (char) => `\\${{ '\t': 't', '\r': 'r', '\n': 'n' }[char] ?? char}`,
      )
    : text
}
