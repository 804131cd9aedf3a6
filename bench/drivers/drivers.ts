/** What carries a driver's adapter out. */
export type Runtime = 'node' | 'bun' | 'python' | 'pgbench'

/** A driver that takes part, in its best honest configuration. */
export interface Driver {
  readonly name: string
  readonly runtime: Runtime
  /** How it is configured and why; what is not like for like. */
  readonly note: string
}

/** The drivers, in the order of the tables. */
export const DRIVERS: readonly Driver[] = [
  {
    name: 'sluice',
    runtime: 'node',
    note: 'As it comes: statements cached by text, binary both ways. A batch is executemany (one Sync), bulk insert insertMany, COPY typed records in binary.',
  },
  {
    name: 'sluice-pipelining',
    runtime: 'node',
    note: 'sluice with the option `pipelining` of its pool, where queries that do not wait for each other share connections; elsewhere it is sluice. See docs/pooling.md for what it costs.',
  },
  {
    name: 'sluice-pg',
    runtime: 'node',
    note: "The drop-in for pg, run by pg's adapter: named statements, text results, pg's own types.",
  },
  {
    name: 'pg',
    runtime: 'node',
    note: 'Named statements, so that each text is parsed once per connection. A batch is a loop, since it has nothing else; bulk insert is unnest over arrays; COPY is text by pg-copy-streams; streaming is pg-cursor, 1,000 rows a time.',
  },
  {
    name: 'pg-pipeline',
    runtime: 'node',
    note: 'pg with `pipeline: true`: a batch is 1,000 queries at once, each with its own Sync. It refuses COPY and cursors.',
  },
  {
    name: 'pg-native',
    runtime: 'node',
    note: "pg over libpq. Built from source, so often absent. A batch is a loop; it has neither pg's COPY nor its cursors.",
  },
  {
    name: 'postgresjs',
    runtime: 'node',
    note: 'Prepared statements by `unsafe(…, { prepare: true })`. A batch is 1,000 queries at once in a transaction; bulk insert its own helper; COPY is text; streaming its cursor, 1,000 rows a time.',
  },
  {
    name: 'postgrejs',
    runtime: 'node',
    note: 'Over the unix socket, which favours it: it takes TLS whenever that is offered. A batch is a loop over a prepared statement.',
  },
  {
    name: 'ts-postgres',
    runtime: 'node',
    note: 'A prepared statement for each text. A batch is 1,000 executions at once. No pool, no COPY.',
  },
  {
    name: 'bun',
    runtime: 'bun',
    note: 'Bun.SQL in Bun; prepared and pipelined by default. A batch is 1,000 queries at once in a transaction, each with its own Sync. No COPY, no cursor.',
  },
  {
    name: 'asyncpg',
    runtime: 'python',
    note: 'On uvloop. It refuses a second query on a busy connection, so that callers of one take turns, and its pool resets a session at each release. A batch is executemany (one Sync), bulk insert its binary COPY of records.',
  },
  {
    name: 'pgbench',
    runtime: 'pgbench',
    note: 'The limit for light queries, not a driver: it throws results away, asks for text, and shares one Sync among the queries of a pipeline where the drivers send one each. Its percentiles are not taken.',
  },
]
