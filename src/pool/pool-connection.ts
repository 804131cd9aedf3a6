import { InterfaceError } from '../base/errors.js'
import { type CloseOptions, Connection } from '../connection/connection.js'
import type { ConnectionEmitter } from '../connection/connection-events.js'
import type { HeldConnection, HoldOptions } from '../connection/held-connection.js'
import type { Request } from '../wire/request.js'
import type { WireConnection } from '../wire/wire-connection.js'
import type { PooledConnection } from './pooled-connection.js'

/**
 * A connection on loan from a pool, until it is released:
 *
 * ```ts
 * await using conn = await pool.acquire({ timeout: 5_000 })
 * ```
 *
 * Released, it is a dead handle: any use but another release is an {@link InterfaceError}. Queries
 * that still run then are finished first. An open transaction is rolled back, with a process warning;
 * settings, temporary tables, advisory locks, cursors and LISTEN are undone.
 */
export class PoolConnection extends Connection {
  #pooled: PooledConnection | undefined
  readonly #onReleased: ((pooled: PooledConnection) => void) | undefined

  /**
   * For {@link Pool.acquire}.
   *
   * @param onReleased called instead of giving the connection back
   */
  constructor(pooled: PooledConnection, onReleased?: (pooled: PooledConnection) => void) {
    super(pooled.wire, pooled.emitter)
    this.#pooled = pooled
    this.#onReleased = onReleased
  }

  /** Whether it was released. */
  get isReleased(): boolean {
    return this.#pooled === undefined
  }

  /** Gives the connection back to its pool. Again does nothing. */
  release(): void {
    const pooled = this.#pooled
    if (pooled === undefined) return
    this.#pooled = undefined
    if (this.#onReleased === undefined) pooled.giveBack()
    else this.#onReleased(pooled)
  }

  /** Closes the connection instead of giving it back for others to use. */
  override async close(options?: CloseOptions): Promise<void> {
    await super.close(options)
    this.release()
  }

  override terminate(): void {
    super.terminate()
    this.release()
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.release()
  }

  /** @internal For {@link Pool}. */
  override hold<T>(
    fn: (connection: HeldConnection) => Promise<T>,
    options?: HoldOptions,
  ): Promise<T> {
    return super.hold(fn, options)
  }

  /** @internal */
  protected override get wire(): WireConnection {
    return borrowed(this.#pooled).wire
  }

  /** @internal */
  protected override get events(): ConnectionEmitter {
    return borrowed(this.#pooled).events
  }

  /** @internal */
  protected override send(request: Request): void {
    if (this.#pooled === undefined) request.onRefused(released())
    else this.#pooled.submit(request)
  }
}

/** A function and no private getter: an object with any of those takes longer to make. */
function borrowed(pooled: PooledConnection | undefined): PooledConnection {
  if (pooled === undefined) throw released()
  return pooled
}

function released(): InterfaceError {
  return new InterfaceError('the connection was released to its pool and can no longer be used')
}
