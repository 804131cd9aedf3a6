import type { Clock } from '../base/clock.js'
import { ConnectionError } from '../base/errors.js'
import type { Backoff } from './backoff.js'
import type { DestroyReason, ResourceLifecycle } from './resource-lifecycle.js'
import type { ResourcePoolCounters } from './resource-pool-stats.js'

/** What becomes of a creation. Exactly one method is called for each. */
export interface CreationHandler<T extends object> {
  /** @param durationMs how long it took */
  onCreated(resource: T, durationMs: number): void
  /** It succeeded, but {@link Creations.outdate} came meanwhile, so that what it gave is destroyed already. */
  onCreateOutdated(): void
  onCreateFailed(error: unknown): void
  /** It settled after `stop`; if it gave a resource, that is destroyed already. */
  onCreateStopped(): void
}

/** The creations under way. */
export class Creations<T extends object> {
  readonly #lifecycle: ResourceLifecycle<T>
  readonly #backoff: Backoff
  readonly #clock: Clock
  readonly #counters: ResourcePoolCounters
  readonly #handler: CreationHandler<T>
  readonly #underWay = new Set<AbortController>()
  #generation = 0
  #stopReason: DestroyReason | undefined

  constructor(
    lifecycle: ResourceLifecycle<T>,
    backoff: Backoff,
    clock: Clock,
    counters: ResourcePoolCounters,
    handler: CreationHandler<T>,
  ) {
    this.#lifecycle = lifecycle
    this.#backoff = backoff
    this.#clock = clock
    this.#counters = counters
    this.#handler = handler
  }

  /** How many are under way. */
  get length(): number {
    return this.#underWay.size
  }

  /** Whether earlier failures allow another one now. */
  mayStart(): boolean {
    return this.#backoff.allows(this.#clock.now(), this.#underWay.size)
  }

  start(): void {
    void this.#create()
  }

  /** What is under way now makes resources that nobody wants any more. */
  outdate(): void {
    this.#generation += 1
  }

  /** Aborts all. A resource that comes all the same is destroyed for `reason`. */
  stop(reason: DestroyReason, error: Error): void {
    this.#stopReason = reason
    for (const creation of this.#underWay) creation.abort(error)
  }

  async #create(): Promise<void> {
    const creation = new AbortController()
    const step = this.#backoff.step
    const generation = this.#generation
    const startedMs = this.#clock.now()
    this.#underWay.add(creation)
    let resource: T
    try {
      resource = await this.#lifecycle.create(creation.signal)
    } catch (error) {
      this.#underWay.delete(creation)
      this.#fail(error, step)
      return
    }
    this.#underWay.delete(creation)
    this.#counters.created += 1
    const durationMs = this.#clock.now() - startedMs
    this.#counters.createTime.record(durationMs)
    if (this.#stopReason !== undefined) {
      this.#destroy(resource, this.#stopReason)
      this.#handler.onCreateStopped()
    } else if (generation !== this.#generation) {
      this.#backoff.succeed()
      this.#destroy(resource, 'expired')
      this.#handler.onCreateOutdated()
    } else if (this.#lifecycle.isUsable(resource)) {
      this.#backoff.succeed()
      this.#handler.onCreated(resource, durationMs)
    } else {
      // Taken for a success, it would be replaced at once, again and again.
      this.#destroy(resource, 'broken')
      this.#fail(new ConnectionError('a new connection was unusable at once'), step)
    }
  }

  #fail(error: unknown, step: number): void {
    if (this.#stopReason !== undefined) {
      this.#handler.onCreateStopped()
      return
    }
    this.#counters.createFailed += 1
    this.#backoff.fail(step, this.#clock.now(), error)
    this.#handler.onCreateFailed(error)
  }

  #destroy(resource: T, reason: DestroyReason): void {
    this.#counters.destroyed[reason] += 1
    this.#lifecycle.destroy(resource, reason)
  }
}
