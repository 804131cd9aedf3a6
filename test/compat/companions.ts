import { createRequire } from 'node:module'
import type { Readable, Writable } from 'node:stream'

/** The packages that live on pg. They bring no types of their own: these are what is used of them. */

interface CursorOf extends Submittable {
  read(count: number): Promise<unknown[]>
  read(count: number, callback: (error: unknown, rows: unknown) => void): void
  close(): Promise<void>
  close(callback: (error?: unknown) => void): void
}

interface Submittable {
  submit(connection: unknown): void
}

interface PoolOf {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  connect(): Promise<{ release(): void }>
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  end(): Promise<void>
}

type CursorClass = new (text: string, values?: unknown[], options?: object) => CursorOf
type StreamClass = new (
  text: string,
  values?: unknown[],
  options?: object,
) => Submittable & Readable

const require = createRequire(import.meta.url)

export const Cursor: CursorClass = require('pg-cursor')
export const QueryStream: StreamClass = require('pg-query-stream')
export const PublishedPool: new (options: object, Client: unknown) => PoolOf = require('pg-pool')
const streams = require('pg-copy-streams') as {
  from(text: string): Submittable & Writable
  to(text: string): Submittable & Readable
}
export const copyFrom: (text: string) => Submittable & Writable = streams.from
export const copyTo: (text: string) => Submittable & Readable = streams.to
