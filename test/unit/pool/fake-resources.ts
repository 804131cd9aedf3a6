import type { DestroyReason, ResourceLifecycle } from '../../../src/pool/resource-lifecycle.js'
import { ResourcePool } from '../../../src/pool/resource-pool.js'
import type { ResourcePoolOptions } from '../../../src/pool/resource-pool-options.js'
import { FakeClock } from '../../support/fake-clock.js'

/** A resource of nothing. */
export class FakeResource {
  readonly id: number
  isUsable = true
  /** What a validation finds out. */
  isAlive = true
  /** Why it was destroyed, each time that it was. */
  readonly destroyed: DestroyReason[] = []

  constructor(id: number) {
    this.id = id
  }
}

/** A creation that waits for the test to decide about it. */
export interface FakeCreation {
  readonly signal: AbortSignal
  succeed(): FakeResource
  fail(error: unknown): void
}

/** Makes resources when it is told to. */
export class FakeLifecycle implements ResourceLifecycle<FakeResource> {
  /** Those that the test has not decided about, oldest first. */
  readonly pending: FakeCreation[] = []
  /** Everything ever made. */
  readonly made: FakeResource[] = []
  /** How often `create` was called. */
  attempts = 0
  /** The resources that were validated. */
  readonly validations: FakeResource[] = []
  /** Whether a validation gives no answer until its entry in `hanging` is called, or its resource destroyed. */
  validationsHang = false
  readonly hanging: Map<FakeResource, () => void> = new Map()
  onDestroy: (resource: FakeResource) => void = () => {}

  create(signal: AbortSignal): Promise<FakeResource> {
    this.attempts += 1
    return new Promise((resolve, reject) => {
      const creation: FakeCreation = {
        signal,
        succeed: () => {
          this.#forget(creation)
          const resource = new FakeResource(this.made.length + 1)
          this.made.push(resource)
          resolve(resource)
          return resource
        },
        fail: (error) => {
          this.#forget(creation)
          reject(error)
        },
      }
      this.pending.push(creation)
    })
  }

  destroy(resource: FakeResource, reason: DestroyReason): void {
    resource.destroyed.push(reason)
    resource.isAlive = false
    this.hanging.get(resource)?.()
    this.onDestroy(resource)
  }

  isUsable(resource: FakeResource): boolean {
    return resource.isUsable
  }

  validate(resource: FakeResource): Promise<void> {
    this.validations.push(resource)
    const answer = () => (resource.isAlive ? Promise.resolve() : Promise.reject(new Error('dead')))
    if (!this.validationsHang) return answer()
    return new Promise((resolve) => {
      this.hanging.set(resource, () => {
        this.hanging.delete(resource)
        resolve(answer())
      })
    })
  }

  isTransient(error: unknown): boolean {
    return !(error instanceof PermanentError)
  }

  #forget(creation: FakeCreation): void {
    this.pending.splice(this.pending.indexOf(creation), 1)
  }
}

/** A failure that {@link FakeLifecycle} calls permanent. */
export class PermanentError extends Error {}

/** Options under which nothing happens by itself. */
export const quietOptions: ResourcePoolOptions = {
  minSize: 0,
  maxSize: 10,
  maxUses: Infinity,
  idleTimeoutMs: Infinity,
  maxLifetimeMs: Infinity,
  lifetimeJitter: 0,
  maxWaiting: Infinity,
  validateAfterIdleMs: Infinity,
  validationTimeoutMs: 1_000,
  retryBackoff: { min: 100, max: 1_000, factor: 2, jitter: 0, failFast: Infinity },
  shedding: undefined,
}

/** A pool with all that a test wants to reach. */
export interface PoolFixture {
  readonly pool: ResourcePool<FakeResource>
  readonly lifecycle: FakeLifecycle
  readonly clock: FakeClock
  /** Lets `count` pending creations succeed, oldest first, and everything settle. */
  succeed(count?: number): Promise<FakeResource[]>
  /** Lets the oldest pending creation fail, and everything settle. */
  fail(error?: unknown): Promise<void>
  /** Lends `count` resources, made for the purpose. */
  lend(count: number): Promise<FakeResource[]>
}

/** Makes a pool of fake resources under a fake clock. */
export function makePool(
  options: Partial<ResourcePoolOptions> = {},
  random: () => number = () => 0,
): PoolFixture {
  const lifecycle = new FakeLifecycle()
  const clock = new FakeClock()
  const pool = new ResourcePool(lifecycle, { ...quietOptions, ...options }, clock, random)
  const succeed = async (count = 1): Promise<FakeResource[]> => {
    const resources = lifecycle.pending.slice(0, count).map((creation) => creation.succeed())
    await settle()
    return resources
  }
  const fail = async (error: unknown = new Error('refused')): Promise<void> => {
    lifecycle.pending[0]?.fail(error)
    await settle()
  }
  const lend = async (count: number): Promise<FakeResource[]> => {
    const lent = Array.from({ length: count }, () => pool.acquire())
    // The pool may open them one after the other.
    while (lifecycle.pending.length > 0 && pool.snapshot.waiting > 0) await succeed(count)
    return Promise.all(lent)
  }
  return { pool, lifecycle, clock, succeed, fail, lend }
}

/** Lets all promises settle that can without time passing. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

/** What became of a promise so far. */
export interface Outcome<T> {
  state: 'pending' | 'fulfilled' | 'rejected'
  value?: T
  error?: unknown
}

/** Watches a promise, which counts as handled then. */
export function watch<T>(promise: Promise<T>): Outcome<T> {
  const outcome: Outcome<T> = { state: 'pending' }
  promise.then(
    (value) => Object.assign(outcome, { state: 'fulfilled', value }),
    (error: unknown) => Object.assign(outcome, { state: 'rejected', error }),
  )
  return outcome
}
