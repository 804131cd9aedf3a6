import { createPool } from '../../dist/index.js'
import { UsageError } from '../support/options.js'

/** Where the peers of a benchmark connect to. */
export interface PeerTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
}

/** A connection that was borrowed. */
export interface PeerConnection {
  query(sql: string): Promise<unknown>
  release(): void
}

/** The pool of a driver, as far as the benchmarks use it. */
export interface PeerPool {
  acquire(): Promise<PeerConnection>
  /** Acquires and releases so many times, one after the other, by the driver's own calls. */
  turn(pairs: number): Promise<void>
  query(sql: string): Promise<unknown>
  close(): Promise<void>
}

/** A driver with a pool. */
export interface Peer {
  readonly name: string
  open(target: PeerTarget, sizes: { readonly min: number; readonly max: number }): Promise<PeerPool>
}

const sluice: Peer = {
  name: 'sluice',
  async open(target, { min, max }) {
    const { password, ...rest } = target
    const pool = await createPool({
      ...rest,
      ...(password !== undefined && { password }),
      ssl: 'disable',
      minSize: min,
      maxSize: max,
      acquireTimeout: 10_000,
    })
    return {
      acquire: async () => {
        const connection = await pool.acquire()
        return {
          query: (sql) => connection.fetch(sql),
          release: () => connection.release(),
        }
      },
      async turn(pairs) {
        for (let i = 0; i < pairs; i++) (await pool.acquire()).release()
      },
      query: (sql) => pool.fetch(sql),
      close: () => pool.close({ timeout: 1_000 }),
    }
  },
}

/** What is used of pg, which has no types of its own. */
interface PgModule {
  readonly Pool: new (
    config: object,
  ) => {
    connect(): Promise<{ query(sql: string): Promise<unknown>; release(): void }>
    query(sql: string): Promise<unknown>
    end(): Promise<void>
    on(event: 'error', listener: () => void): void
  }
}

const pg: Peer = {
  name: 'pg',
  async open(target, { min, max }) {
    const { Pool } = (await load('pg')).default as PgModule
    const pool = new Pool({ ...target, min, max, connectionTimeoutMillis: 10_000 })
    // Without a listener an idle connection that breaks ends the process.
    pool.on('error', () => {})
    return {
      acquire: async () => {
        const client = await pool.connect()
        return { query: (sql) => client.query(sql), release: () => client.release() }
      },
      async turn(pairs) {
        for (let i = 0; i < pairs; i++) (await pool.connect()).release()
      },
      query: (sql) => pool.query(sql),
      close: () => pool.end(),
    }
  },
}

/** What is used of postgres.js. */
interface PostgresSql {
  unsafe(sql: string): Promise<unknown>
  reserve(): Promise<{ unsafe(sql: string): Promise<unknown>; release(): void }>
  end(options: { timeout: number }): Promise<void>
}

const postgresJs: Peer = {
  name: 'postgres.js',
  async open({ user, ...target }, { max }) {
    const postgres = (await load('postgres')).default as (options: object) => PostgresSql
    const sql = postgres({ ...target, username: user, max, onnotice: () => {}, prepare: true })
    return {
      acquire: async () => {
        const reserved = await sql.reserve()
        return { query: (text) => reserved.unsafe(text), release: () => reserved.release() }
      },
      async turn(pairs) {
        for (let i = 0; i < pairs; i++) (await sql.reserve()).release()
      },
      query: (text) => sql.unsafe(text),
      close: () => sql.end({ timeout: 1 }),
    }
  },
}

/** Sluice, and with `all` the drivers that bench/package.json names. */
export function peers(all: boolean): readonly Peer[] {
  return all ? [sluice, pg, postgresJs] : [sluice]
}

async function load(name: string): Promise<{ readonly default: unknown }> {
  try {
    return await import(name)
  } catch (cause) {
    throw new UsageError(`${name} is not installed: run npm ci --prefix bench`, { cause })
  }
}
