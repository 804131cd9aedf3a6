import type { Clock, TimerHandle } from '../base/clock.js'
import type { ResourceLifecycle } from './resource-lifecycle.js'
import type { ResourceStock, StockEntry } from './resource-stock.js'

/** What becomes of a validation, unless its resource was destroyed meanwhile. */
export interface ValidationHandler<T extends object> {
  onValid(entry: StockEntry<T>): void
  onInvalid(entry: StockEntry<T>): void
}

/** Asks resources that were idle for long whether they are still alive. */
export class Validations<T extends object> {
  readonly #lifecycle: ResourceLifecycle<T>
  readonly #stock: ResourceStock<T>
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #handler: ValidationHandler<T>

  constructor(
    lifecycle: ResourceLifecycle<T>,
    stock: ResourceStock<T>,
    clock: Clock,
    timeoutMs: number,
    handler: ValidationHandler<T>,
  ) {
    this.#lifecycle = lifecycle
    this.#stock = stock
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#handler = handler
  }

  /** Begins with the idle resource that was used last. */
  start(nowMs: number): void {
    const entry = this.#stock.startValidation(nowMs)
    if (entry !== undefined) void this.#validate(entry)
  }

  async #validate(entry: StockEntry<T>): Promise<void> {
    const isAlive = await this.#isAlive(entry.resource)
    if (!this.#stock.endValidation(entry)) return
    if (isAlive) this.#handler.onValid(entry)
    else this.#handler.onInvalid(entry)
  }

  #isAlive(resource: T): Promise<boolean> {
    return new Promise((resolve) => {
      // Unref'd: what is validated is open, and keeps the process alive itself if anything should.
      const timer: TimerHandle = this.#clock.setTimer(() => resolve(false), this.#timeoutMs, false)
      const settle = (isAlive: boolean) => {
        this.#clock.clearTimer(timer)
        resolve(isAlive)
      }
      this.#lifecycle.validate(resource).then(
        () => settle(true),
        () => settle(false),
      )
    })
  }
}
