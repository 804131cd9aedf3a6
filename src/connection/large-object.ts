import { InterfaceError } from '../base/errors.js'
import { bytea } from '../types/codecs/bytea.js'
import { int4, oid as oidCodec } from '../types/codecs/integer.js'
import type { TypeOptions } from '../types/type-options.js'
import type { LimitOptions } from './query-options.js'
import type { Transaction } from './transaction.js'

/** What an open {@link LargeObject} may be used for. */
export type LargeObjectMode = 'read' | 'write' | 'read-write'

/** From where {@link LargeObject.seek} counts. */
export type SeekOrigin = 'start' | 'current' | 'end'

/** INV_READ and INV_WRITE of libpq-fs.h. */
const MODES: Readonly<Record<LargeObjectMode, number>> = {
  read: 0x40000,
  write: 0x20000,
  'read-write': 0x60000,
}

/** SEEK_SET, SEEK_CUR and SEEK_END. */
const ORIGINS: Readonly<Record<SeekOrigin, number>> = { start: 0, current: 1, end: 2 }

/** The types of the functions, whatever the connection makes of them. */
const TYPES: TypeOptions = { bytea, int4, int8: 'number', oid: oidCodec }

/** How much the streams ask for, or send, at a time. */
const STREAM_BYTES = 64 * 1024

/** Makes an empty large object and gives its OID, which is `oid` if that is given and free. */
export async function createLargeObject(
  transaction: Transaction,
  oid = 0,
  options?: LimitOptions,
): Promise<number> {
  const query = 'select pg_catalog.lo_create($1)'
  return Number(await transaction.fetchval(query, [oid], { ...options, types: TYPES }))
}

/** Deletes a large object. Rejects with a {@link PostgresError} (42704) when there is none of that OID. */
export async function unlinkLargeObject(
  transaction: Transaction,
  oid: number,
  options?: LimitOptions,
): Promise<void> {
  const query = 'select pg_catalog.lo_unlink($1)'
  await transaction.fetchval(query, [oid], { ...options, types: TYPES })
}

/**
 * Opens a large object, until it is closed or the transaction ends.
 *
 * ```ts
 * await pool.transaction(async (tx) => {
 *   const object = await openLargeObject(tx, await createLargeObject(tx), 'write')
 *   await createReadable().pipeTo(object.writable())
 * })
 * ```
 *
 * Rejects with a {@link PostgresError} (42704) when there is none of that OID.
 */
export async function openLargeObject(
  transaction: Transaction,
  oid: number,
  mode: LargeObjectMode = 'read',
  options?: LimitOptions,
): Promise<LargeObject> {
  const flags = MODES[mode]
  if (flags === undefined) throw new TypeError('the mode must be "read", "write" or "read-write"')
  const query = 'select pg_catalog.lo_open($1, $2)'
  const descriptor = await transaction.fetchval(query, [oid, flags], { ...options, types: TYPES })
  return new LargeObject(transaction, oid, Number(descriptor))
}

/**
 * A large object that is open, with a position that reading and writing move. Made by
 * {@link openLargeObject}. It takes up to 4 TiB.
 *
 * A call that is given up by its `signal` or `timeout` fails the transaction, as with any query.
 */
export class LargeObject implements AsyncDisposable {
  readonly oid: number
  readonly #transaction: Transaction
  readonly #descriptor: number
  #isOpen = true

  /** @internal */
  constructor(transaction: Transaction, oid: number, descriptor: number) {
    this.#transaction = transaction
    this.oid = oid
    this.#descriptor = descriptor
  }

  /** Reads up to that many bytes; fewer at the end of the object, and none behind it. */
  async read(length: number, options?: LimitOptions): Promise<Buffer> {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError('the length must be a whole number of at least 0')
    }
    return (await this.#call('loread($1, $2)', [length], options)) as Buffer
  }

  /** Writes all of `bytes` at the position. */
  async write(bytes: Uint8Array, options?: LimitOptions): Promise<void> {
    await this.#call('lowrite($1, $2)', [bytes], options)
  }

  /** Moves the position, and gives it, counted from the start. */
  async seek(
    offset: number | bigint,
    from: SeekOrigin = 'start',
    options?: LimitOptions,
  ): Promise<number> {
    const origin = ORIGINS[from]
    if (origin === undefined) throw new TypeError('"from" must be "start", "current" or "end"')
    return Number(await this.#call('lo_lseek64($1, $2, $3)', [offset, origin], options))
  }

  /** Cuts the object off behind that many bytes, or fills it with zeros up to there. */
  async truncate(length: number | bigint, options?: LimitOptions): Promise<void> {
    await this.#call('lo_truncate64($1, $2)', [length], options)
  }

  /** The bytes from the position on, read as they are asked for. */
  readable(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const bytes = await this.read(STREAM_BYTES)
          if (bytes.length === 0) controller.close()
          else controller.enqueue(bytes)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Takes bytes and writes them from the position on. */
  writable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      write: async (bytes) => {
        for (let at = 0; at < bytes.length; at += STREAM_BYTES) {
          await this.write(bytes.subarray(at, at + STREAM_BYTES))
        }
      },
    })
  }

  /** Closes it before the end of the transaction does. Again does nothing. */
  async close(options?: LimitOptions): Promise<void> {
    if (!this.#isOpen) return
    const closed = this.#call('lo_close($1)', [], options)
    this.#isOpen = false
    await closed
  }

  /** Closes it, unless the transaction has ended or failed and so done that. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#transaction.isOpen) await this.close().catch(() => {})
  }

  /** Calls a function on the descriptor; its arguments never become text. */
  async #call(
    call: string,
    args: readonly unknown[],
    options: LimitOptions | undefined,
  ): Promise<unknown> {
    if (!this.#isOpen) throw new InterfaceError('the large object was closed')
    const params = [this.#descriptor, ...args]
    const query = `select pg_catalog.${call}`
    return await this.#transaction.fetchval(query, params, { ...options, types: TYPES })
  }
}
