import { getEventListeners } from 'node:events'
import type { ResourcePoolOptions } from '../../../src/pool/resource-pool-options.js'
import {
  type FakeResource,
  makePool,
  type Outcome,
  PermanentError,
  type PoolFixture,
  settle,
  watch,
} from './fake-resources.js'

/** A caller as the simulation knows it. */
interface Caller {
  readonly id: number
  readonly deadlineMs: number
  /** Aborts an `acquire`; without it the caller came by `enqueue`. */
  readonly controller: AbortController | undefined
  handle: number
  calls: number
  isCancelled: boolean
}

type Action = readonly [weight: number, name: string, run: () => void]

/** A repeatable stream of numbers from 0 to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Drives a pool by chance, and checks after every step what must always hold. It keeps its own books
 * of callers and resources, which it compares with those of the pool.
 */
export class Simulation {
  readonly #random: () => number
  readonly #options: ResourcePoolOptions
  readonly #fixture: PoolFixture
  /** Without promises among the callers, the order of service is checked at each call. */
  readonly #isStrict: boolean
  /** Oldest first. */
  #waiting: Caller[] = []
  readonly #callers: Caller[] = []
  #served: Caller[] = []
  readonly #lent = new Set<FakeResource>()
  /** Successful `tryAcquire`, and calls of `acquire` and `enqueue`. */
  #requests = 0
  #closed: Outcome<void> | undefined
  #isTerminated = false
  readonly #trace: string[] = []
  readonly #actions: readonly Action[]

  constructor(seed: number) {
    const random = seededRandom(seed)
    this.#random = random
    const minSize = this.#pick([0, 0, 1, 2, 3])
    this.#options = {
      minSize,
      maxSize: Math.max(1, minSize) + this.#integer(3),
      maxUses: this.#pick([1, 3, Infinity]),
      idleTimeoutMs: this.#pick([0, 60, 400, Infinity]),
      maxLifetimeMs: this.#pick([150, 1_000, Infinity]),
      lifetimeJitter: this.#pick([0, 0.3, 1]),
      maxWaiting: this.#pick([0, 2, Infinity, Infinity]),
      retryBackoff: { min: this.#pick([5, 50]), max: 200, factor: 2, jitter: this.#pick([0, 0.5]) },
    }
    this.#fixture = makePool(this.#options, random)
    this.#isStrict = random() < 0.5
    const faults = this.#pick([0.2, 1, 3])
    const { pool } = this.#fixture
    this.#actions = [
      [4, 'try', () => this.#tryAcquire()],
      [8, 'enqueue', () => this.#enqueue(false)],
      [3, 'enqueue, release at once', () => this.#enqueue(true)],
      [this.#isStrict ? 0 : 8, 'acquire', () => this.#acquire()],
      [3, 'cancel', () => this.#cancel()],
      [12, 'release', () => this.#giveBack((resource) => pool.release(resource))],
      [3, 'discard', () => this.#giveBack((resource) => pool.discard(resource))],
      [2 * faults, 'break one', () => this.#break(true)],
      [1 * faults, 'break one silently', () => this.#break(false)],
      [8, 'create', () => void this.#creation()?.succeed()],
      [2 * faults, 'create unusable', () => this.#createUnusable()],
      [4 * faults, 'fail to create', () => this.#creation()?.fail(new Error('refused'))],
      [1 * faults, 'fail for good', () => this.#creation()?.fail(new PermanentError('password'))],
      [8, 'wait', () => this.#fixture.clock.advance(this.#integer(60))],
      [0.5, 'warm up', () => void watch(pool.warmUp())],
      [0.3, 'close', () => this.#close()],
      [0.1, 'terminate', () => this.#terminate()],
    ]
    this.#fixture.lifecycle.onDestroy = (resource) => {
      // As a connection does that reports its end.
      pool.remove(resource)
    }
  }

  /** Throws when something does not hold; the message tells the steps that led there. */
  async run(): Promise<void> {
    try {
      for (let left = 30 + this.#integer(60); left > 0; left--) {
        const [, name, run] = this.#pickAction()
        await this.#step(name, run)
      }
      if (this.#closed === undefined && !this.#isTerminated) await this.#recover()
      await this.#finish()
    } catch (error) {
      throw new Error(
        `${error instanceof Error ? error.message : error}, after\n  ${this.#trace.join('\n  ')}`,
      )
    }
  }

  async #step(name: string, run: () => void): Promise<void> {
    this.#trace.push(name)
    this.#served = []
    run()
    await settle()
    this.#checkStep()
  }

  // ---- actions

  #tryAcquire(): void {
    const resource = this.#fixture.pool.tryAcquire()
    if (resource === undefined) return
    this.#requests += 1
    if (this.#waiting.length > 0) throw new Error('tryAcquire overtook a waiter')
    this.#onLent(resource)
  }

  #enqueue(releasesAtOnce: boolean): void {
    const { pool } = this.#fixture
    const timeoutMs = this.#timeout()
    const caller = this.#addCaller(timeoutMs, undefined)
    const onResource = (resource: FakeResource) => {
      this.#onServed(caller, resource)
      if (releasesAtOnce) {
        this.#lent.delete(resource)
        pool.release(resource)
      }
    }
    const onRefused = () => this.#onSettled(caller)
    caller.handle = pool.enqueue({ onResource, onRefused }, timeoutMs)
  }

  #acquire(): void {
    const timeoutMs = this.#timeout()
    const controller = new AbortController()
    if (this.#random() < 0.05) controller.abort()
    const caller = this.#addCaller(timeoutMs, controller)
    this.#fixture.pool.acquire(timeoutMs, controller.signal).then(
      (resource) => this.#onServed(caller, resource),
      () => this.#onSettled(caller),
    )
  }

  #cancel(): void {
    const caller = this.#pick(this.#waiting)
    if (caller === undefined) return
    if (caller.controller !== undefined) {
      caller.controller.abort()
    } else {
      if (!this.#fixture.pool.cancel(caller.handle)) throw new Error('a waiter cannot be cancelled')
      caller.isCancelled = true
      this.#waiting = this.#waiting.filter((other) => other !== caller)
    }
  }

  #giveBack(end: (resource: FakeResource) => void): void {
    const resource = this.#pick([...this.#lent])
    if (resource === undefined) return
    this.#lent.delete(resource)
    end(resource)
  }

  #break(isAnnounced: boolean): void {
    const resource = this.#pick(this.#open())
    if (resource === undefined) return
    resource.isUsable = false
    if (isAnnounced) this.#fixture.pool.remove(resource)
  }

  #createUnusable(): void {
    const resource = this.#creation()?.succeed()
    if (resource !== undefined) resource.isUsable = false
  }

  #close(): void {
    this.#closed = watch(this.#fixture.pool.close())
  }

  #terminate(): void {
    this.#fixture.pool.terminate()
    this.#isTerminated = true
    this.#lent.clear()
  }

  /** Once everything works again, everybody who waits is served and minSize is reached. */
  async #recover(): Promise<void> {
    const { pool, lifecycle, clock } = this.#fixture
    const isRecovered = () => this.#waiting.length === 0 && this.#lent.size === 0
    for (let round = 0; !isRecovered(); round++) {
      if (round > 500) throw new Error('callers are still waiting')
      await this.#step('recover', () => {
        if (lifecycle.pending.length > 0) this.#creation()?.succeed()
        else if (this.#lent.size > 0) this.#giveBack((resource) => pool.release(resource))
        else clock.advance(clock.nextDelayMs ?? 0)
      })
    }
    // With a lifetime this short the pool is never at rest.
    if (this.#options.maxLifetimeMs !== Infinity) return
    await this.#step('warm up', () => void watch(pool.warmUp()))
    for (let round = 0; pool.snapshot.idle < this.#options.minSize; round++) {
      if (round > 50) throw new Error('minSize was not reached')
      await this.#step('refill', () => {
        if (lifecycle.pending.length > 0) this.#creation()?.succeed()
        else clock.advance(200)
      })
    }
  }

  async #finish(): Promise<void> {
    const { pool, lifecycle, clock } = this.#fixture
    if (this.#closed === undefined) await this.#step('close', () => this.#close())
    while (this.#lent.size > 0) {
      await this.#step('return', () => this.#giveBack((resource) => pool.release(resource)))
    }
    while (lifecycle.pending.length > 0) {
      if (this.#random() < 0.5) await this.#step('late', () => void this.#creation()?.succeed())
      else await this.#step('late failure', () => this.#creation()?.fail(new Error('aborted')))
    }
    check(this.#closed?.state === 'fulfilled', 'close did not resolve')
    check(pool.snapshot.size === 0, 'something is open after close')
    check(clock.timers === 0, 'a timer runs after close')
    for (const { destroyed } of lifecycle.made) {
      check(destroyed.length === 1, `a resource was destroyed ${destroyed.length} times`)
    }
    for (const { calls, isCancelled, controller } of this.#callers) {
      check(calls === (isCancelled ? 0 : 1), `a caller was called ${calls} times`)
      const listeners = controller && getEventListeners(controller.signal, 'abort').length
      check((listeners ?? 0) === 0, 'a listener was left')
    }
  }

  // ---- what must hold

  #onServed(caller: Caller, resource: FakeResource): void {
    const isFirst = this.#waiting[0] === caller
    if (this.#isStrict) check(isFirst, `caller ${caller.id} was served before its turn`)
    this.#served.push(caller)
    this.#onSettled(caller)
    this.#onLent(resource)
  }

  #onSettled(caller: Caller): void {
    caller.calls += 1
    this.#waiting = this.#waiting.filter((other) => other !== caller)
  }

  #onLent(resource: FakeResource): void {
    check(!this.#lent.has(resource), 'a resource was lent twice')
    check(resource.destroyed.length === 0, 'a destroyed resource was lent')
    check(resource.isUsable, 'an unusable resource was lent')
    this.#lent.add(resource)
  }

  #checkStep(): void {
    const { pool, lifecycle, clock } = this.#fixture
    const { minSize, maxSize } = this.#options
    const stats = pool.stats()
    const { size, idle, lent, creating, waiting } = stats
    check(idle + lent + creating === size && size <= maxSize, 'the gauges do not add up')
    check(waiting === this.#waiting.length, 'a waiter was lost')
    check(waiting === 0 || idle === 0, 'a waiter waits beside an idle resource')
    if (!this.#isTerminated) {
      check(lent === this.#lent.size, 'a lent resource was lost')
      check(idle + lent === this.#open().length, 'a resource was lost')
      check(creating === lifecycle.pending.length, 'a creation was lost')
    }
    for (const caller of this.#served) {
      const older = this.#waiting.some((other) => other.id < caller.id)
      check(!older, `caller ${caller.id} was served before an older one`)
    }
    const late = this.#waiting.some(({ deadlineMs }) => deadlineMs <= clock.now())
    check(!late, 'a waiter waits past its deadline')

    const { acquired, timedOut, aborted, refused } = stats
    const settled = acquired + timedOut + aborted + refused
    check(settled + waiting === this.#requests, 'the counters of callers do not add up')
    check(stats.created === lifecycle.made.length, 'the counter of creations is wrong')
    const destroyed = Object.values(stats.destroyed).reduce((sum, count) => sum + count, 0)
    check(destroyed === lifecycle.made.length - this.#open().length, 'the destroyed do not add up')

    if (this.#closed !== undefined || this.#isTerminated) {
      check(clock.timers === 0 && waiting === 0, 'a closed pool goes on')
      return
    }
    const isHoped = creating > 0 || size === maxSize || clock.refTimers > 0
    check(waiting === 0 || isHoped, 'a waiter waits for nothing')
    // Before the first caller or warm-up nothing is opened.
    const isFilling = creating > 0 || clock.timers > 0 || lifecycle.attempts === 0
    check(size >= minSize || isFilling, 'minSize is not made up')
    check(waiting > 0 || clock.refTimers === 0, 'an idle pool keeps the process alive')
  }

  // ---- chance

  #pickAction(): Action {
    const total = this.#actions.reduce((sum, [weight]) => sum + weight, 0)
    let left = this.#random() * total
    for (const action of this.#actions) {
      left -= action[0]
      if (left < 0) return action
    }
    throw new Error('no action')
  }

  #addCaller(timeoutMs: number, controller: AbortController | undefined): Caller {
    const caller: Caller = {
      id: this.#callers.length,
      deadlineMs: this.#fixture.clock.now() + timeoutMs,
      controller,
      handle: 0,
      calls: 0,
      isCancelled: false,
    }
    this.#requests += 1
    this.#callers.push(caller)
    this.#waiting.push(caller)
    return caller
  }

  #timeout(): number {
    return this.#random() < 0.4 ? Infinity : this.#integer(200)
  }

  #open(): FakeResource[] {
    return this.#fixture.lifecycle.made.filter(({ destroyed }) => destroyed.length === 0)
  }

  #creation() {
    return this.#pick(this.#fixture.lifecycle.pending)
  }

  #integer(end: number): number {
    return Math.floor(this.#random() * end)
  }

  #pick<const V extends readonly unknown[]>(values: V): V[number] {
    return values[this.#integer(values.length)]
  }
}

function check(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint)
}
