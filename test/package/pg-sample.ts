/** Code as it is written with @types/pg, every type and member of which it uses. */
export const PG_SAMPLE = `
import pg, {
  Client, Connection, DatabaseError, Pool, Query, Result, TypeOverrides,
  defaults, escapeIdentifier, escapeLiteral, native, types,
} from 'pg'
import type {
  BindConfig, ClientBase, ClientConfig, ConnectionConfig, CustomTypesConfig, Defaults, ExecuteConfig,
  FieldDef, MessageConfig, Notification, PoolClient, PoolConfig, PoolOptions, QueryArrayConfig,
  QueryArrayResult, QueryConfig, QueryConfigValues, QueryParse, QueryResult, QueryResultBase,
  QueryResultRow, ResultBuilder, Submittable, TransactionStatus,
} from 'pg'

interface User { id: number; name: string }

const clientConfig: ClientConfig = {
  user: 'u', database: 'd', password: async () => 'p', port: 5432, host: 'h', keepAlive: true,
  connectionString: 'postgres://h/d', statement_timeout: false, query_timeout: 1, lock_timeout: 1,
  ssl: { rejectUnauthorized: false }, sslnegotiation: 'direct', enableChannelBinding: true,
  idle_in_transaction_session_timeout: 1, application_name: 'a', fallback_application_name: 'f',
  connectionTimeoutMillis: 1, keepAliveInitialDelayMillis: 1, options: '', client_encoding: 'utf8',
  types, pipeline: true,
}
const poolConfig: PoolConfig = {
  ...clientConfig, max: 1, min: 0, idleTimeoutMillis: null, allowExitOnIdle: true, maxUses: 1,
  maxLifetimeSeconds: 1, log: (...messages: any[]) => console.log(...messages),
  onConnect: (client: ClientBase) => { client.on('error', () => {}) },
  verify: (client: PoolClient, done: (error?: Error) => void) => done(),
}
const connectionConfig: ConnectionConfig = clientConfig

export async function run(): Promise<void> {
  const client = new Client(clientConfig)
  const same: Client = await client.connect()
  client.connect((error) => { if (error) console.log(error.message) })
  client.on('notification', (message: Notification) => console.log(message.channel, message.payload))
  client.on('notice', (notice) => console.log(notice.message))
  client.on('error', (error: Error) => console.log(error.message))
  client.on('end', () => {}).on('drain', () => {}).on('connect', () => {})

  const result: QueryResult<User> = await client.query<User>('select 1', [1, 'a', null])
  const names: string[] = result.rows.map((row) => row.name.toUpperCase())
  const untyped = await client.query('select 1')
  untyped.rows[0].anything.at.all
  for (const row of untyped.rows) console.log(row.name)
  const base: QueryResultBase = result
  const command: string = base.command
  const count: number = base.rowCount ?? 0
  const oid: number = base.oid
  const fields: FieldDef[] = base.fields
  console.log(fields.map((field) => field.dataTypeID + field.name.length), names, command, count, oid)

  const config: QueryConfig = { name: 'n', text: 'select 1', values: [1, 'b'], types }
  const typed: QueryConfig<[number, string]> = { text: 'select 1', values: [1, 'b'] }
  await client.query(config)
  await client.query<User, [number, string]>(typed)
  await client.query(config, [1])
  const arrayConfig: QueryArrayConfig = { text: 'select 1', rowMode: 'array' }
  const arrays: QueryArrayResult<[number, string]> = await client.query<[number, string]>(arrayConfig)
  const first: number | undefined = arrays.rows[0]?.[0]
  client.query('select 1', (error, rows) => { console.log(error?.message, rows.rows.length) })
  client.query('select 1', [1], (error: Error, rows: QueryResult<User>) => console.log(error, rows, first))
  client.query(config, (error, rows) => console.log(error, rows.rowCount))
  client.query(arrayConfig, (error: Error, rows: QueryArrayResult) => console.log(error, rows.rows[0]))
  const values: QueryConfigValues<number[]> = [1]
  await client.query('select $1', values)

  const query = client.query(new Query<User>('select 1', [1]))
  query.on('row', (row: User, builder?: ResultBuilder<User>) => { builder?.addRow(row) })
  query.on('end', (builder: ResultBuilder<User>) => console.log(builder.rows.length))
  query.on('error', (error: Error) => console.log(error))
  new Query('select 1', (error, builder) => console.log(error?.message, builder.rows))
  new Query({ text: 'select $1', values: ['a'] }, ['a'], (error, builder) => console.log(error, builder))
  class Own implements Submittable {
    submit = (connection: Connection): void => {
      const parse: QueryParse = { name: '', text: 'select 1', types: [] }
      const bind: BindConfig = { portal: '', statement: '', values: [null, 'a', Buffer.alloc(0)] }
      const execute: ExecuteConfig = { portal: '', rows: '0' }
      const message: MessageConfig = { type: 'P', name: '' }
      connection.parse(parse, true)
      connection.bind(bind, true)
      connection.describe(message, true)
      connection.execute(execute, true)
      connection.close(message, true)
      connection.flush()
      connection.sync()
      connection.query('select 1')
      connection.stream.once('close', () => connection.end())
    }
  }
  const own: Own = client.query(new Own())
  const status: TransactionStatus = client.getTransactionStatus()
  console.log(own, status, client.escapeIdentifier('a') + client.escapeLiteral('b'))
  client.setTypeParser(20, (value) => BigInt(value))
  client.setTypeParser(types.builtins.INT8, 'text', (value) => Number.parseInt(value, 10))
  client.getTypeParser(20, 'text')('1')
  console.log(client.host.length + client.port, client.user?.length, client.database, client.password)
  console.log(client.pipeline, client.ssl, client.connection.stream.destroyed)
  await client.end()
  client.end((error: Error) => console.log(error))

  const pool = new Pool(poolConfig)
  const options: PoolOptions = pool.options
  const lent: PoolClient = await pool.connect()
  lent.release()
  lent.release(true)
  lent.release(new Error('broken'))
  pool.connect((error, borrowed, done) => {
    if (error || !borrowed) return done(error)
    borrowed.query('select 1', () => done())
  })
  const users = await pool.query<User>('select $1', [1])
  const one: User | undefined = users.rows[0]
  pool.query('select 1', (error, rows) => console.log(error, rows.rows))
  pool.query('select 1', [1], (error, rows) => console.log(error, rows.rows))
  const many = await pool.query<[number]>({ text: 'select 1', rowMode: 'array' })
  console.log(many.rows[0]?.[0].toFixed(), one?.name, options.max + options.maxUses)
  console.log(pool.totalCount + pool.idleCount + pool.waitingCount + pool.expiredCount)
  console.log(pool.ending || pool.ended)
  pool.on('error', (error, borrowed) => console.log(error.message, borrowed))
  pool.on('connect', (borrowed) => { borrowed.query('set a to b') })
  pool.on('acquire', () => {}).on('remove', () => {}).on('release', (error: Error) => console.log(error))
  await pool.end()
  pool.end(() => {})
  const bases: ClientBase[] = [client, lent]
  await Promise.all(bases.map((each) => each.query('select 1')))
}

const parse: CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') => (value: string) => [id, format, value],
}
types.setTypeParser(types.builtins.DATE, (value) => value.slice(0, 10))
types.setTypeParser(1082, 'text', (value: string) => value)
types.getTypeParser(20)('1')
const overrides = new TypeOverrides(parse)
overrides.setTypeParser(1, (value: string) => value.length)
overrides.getTypeParser(1, 'text')
const late: Defaults = defaults
late.parseInt8 = true
defaults.parseInputDatesAsUTC = true
defaults.poolSize = 3
const failure: unknown = new DatabaseError('m', 1, 'error')
if (failure instanceof DatabaseError) console.log(failure.code?.length, failure.detail, failure.constraint)
const row: QueryResultRow = { a: 1 }
console.log(row.a, native, new Result('array', types).rows, escapeIdentifier('a'), escapeLiteral('b'))
console.log(new Connection(connectionConfig), same(pg))

function same(all: typeof pg): boolean {
  const pool: pg.Pool = new all.Pool()
  const config: pg.PoolConfig = {}
  const client: pg.Client = new pg.Client()
  const result: pg.QueryResult<User> | undefined = undefined
  return [pool, config, client, result, all.types, all.defaults].length > 0
}
`
