import { getEventListeners } from 'node:events'
import type { ResourcePoolOptions } from '../../../src/pool/resource-pool-options.js'
import { Chance, check } from './chance.js'
import {
  type FakeResource,
  makePool,
  type Outcome,
  PermanentError,
  type PoolFixture,
  settle,
  watch,
} from './fake-resources.js'
import type { Caller } from './simulated-caller.js'

/** What may happen, and how often. */
type Action = readonly [weight: number, name: string, run: () => void]

/**
 * Drives a pool by chance, and checks after every step what must always hold. It keeps its own books
 * of callers and resources, which it compares with those of the pool.
 */
export class Simulation {
  readonly #chance: Chance
  #options: ResourcePoolOptions
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
  #isPaused = false
  /** Of `pause` and `warmUp`. */
  readonly #outcomes: Outcome<void>[] = []
  /** The most that may be open: more than `maxSize` only after that became less. */
  #ceiling: number
  /** What was open at an `expire` without spread: never lent again. */
  readonly #expired = new Set<FakeResource>()
  #isTerminated = false
  readonly #trace: string[] = []
  readonly #actions: readonly Action[]

  constructor(seed: number) {
    const chance = new Chance(seed)
    this.#chance = chance
    const minSize = this.#chance.pick([0, 0, 1, 2, 3])
    this.#options = {
      minSize,
      maxSize: Math.max(1, minSize) + this.#chance.integer(3),
      maxUses: this.#chance.pick([1, 3, Infinity]),
      idleTimeoutMs: this.#chance.pick([0, 60, 400, Infinity]),
      maxLifetimeMs: this.#chance.pick([150, 1_000, Infinity]),
      lifetimeJitter: this.#chance.pick([0, 0.3, 1]),
      maxWaiting: this.#chance.pick([0, 2, Infinity, Infinity]),
      validateAfterIdleMs: this.#chance.pick([0, 30, Infinity, Infinity]),
      validationTimeoutMs: this.#chance.pick([20, 100]),
      retryBackoff: {
        min: this.#chance.pick([5, 50]),
        max: 200,
        factor: 2,
        jitter: this.#chance.pick([0, 0.5]),
        failFast: this.#chance.pick([0, 100, Infinity, Infinity]),
      },
      shedding: this.#chance.pick([undefined, undefined, { target: 20, interval: 50 }]),
    }
    this.#ceiling = this.#options.maxSize
    this.#fixture = makePool(this.#options, () => chance.next())
    this.#fixture.lifecycle.validationsHang = chance.next() < 0.5
    this.#isStrict = chance.next() < 0.5
    const faults = this.#chance.pick([0.2, 1, 3])
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
      [1 * faults, 'die silently', () => this.#die()],
      [4, 'answer a validation', () => this.#answer()],
      [1, 'pause', () => this.#pause()],
      [3, 'resume', () => this.#resume()],
      [1, 'resize', () => this.#resize()],
      [0.7, 'expire', () => this.#expire()],
      [8, 'wait', () => this.#fixture.clock.advance(this.#chance.integer(60))],
      [0.5, 'warm up', () => void this.#outcomes.push(watch(pool.warmUp()))],
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
      const chance = this.#chance
      for (let left = 30 + this.#chance.integer(60); left > 0; left--) {
        const [, name, run] = chance.pickWeighted(this.#actions)
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
    const { attempts } = this.#fixture.lifecycle
    const wasPaused = this.#isPaused
    run()
    await settle()
    if (wasPaused && this.#isPaused) {
      check(this.#served.length === 0, 'a paused pool lent something')
      check(attempts === this.#fixture.lifecycle.attempts, 'a paused pool opened something')
    }
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
    if (this.#chance.next() < 0.05) controller.abort()
    const caller = this.#addCaller(timeoutMs, controller)
    this.#fixture.pool.acquire(timeoutMs, controller.signal).then(
      (resource) => this.#onServed(caller, resource),
      () => this.#onSettled(caller),
    )
  }

  #cancel(): void {
    const caller = this.#chance.pick(this.#waiting)
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
    const resource = this.#chance.pick([...this.#lent])
    if (resource === undefined) return
    this.#lent.delete(resource)
    end(resource)
  }

  #break(isAnnounced: boolean): void {
    const resource = this.#chance.pick(this.#open())
    if (resource === undefined) return
    resource.isUsable = false
    if (isAnnounced) this.#fixture.pool.remove(resource)
  }

  #createUnusable(): void {
    const resource = this.#creation()?.succeed()
    if (resource !== undefined) resource.isUsable = false
  }

  #die(): void {
    const resource = this.#chance.pick(this.#open())
    if (resource !== undefined) resource.isAlive = false
  }

  #answer(): void {
    this.#chance.pick([...this.#fixture.lifecycle.hanging.values()])?.()
  }

  #pause(): void {
    this.#outcomes.push(watch(this.#fixture.pool.pause()))
    this.#isPaused = this.#closed === undefined && !this.#isTerminated
  }

  #resume(): void {
    this.#isPaused = false
    this.#fixture.pool.resume()
  }

  #resize(): void {
    const minSize = this.#chance.integer(4)
    const maxSize = Math.max(1, minSize) + this.#chance.integer(3)
    this.#options = { ...this.#options, minSize, maxSize }
    this.#fixture.pool.resize({ minSize, maxSize })
  }

  #expire(): void {
    const { pool } = this.#fixture
    const spreadMs = this.#chance.pick([0, 0, 100])
    if (spreadMs === 0) for (const resource of this.#open()) this.#expired.add(resource)
    pool.expire(spreadMs)
  }

  #close(): void {
    this.#isPaused = false
    this.#closed = watch(this.#fixture.pool.close())
  }

  #terminate(): void {
    this.#fixture.pool.terminate()
    this.#isTerminated = true
    this.#isPaused = false
    this.#lent.clear()
  }

  /** Once everything works again, everybody who waits is served and minSize is reached. */
  async #recover(): Promise<void> {
    const { pool, lifecycle, clock } = this.#fixture
    await this.#step('resume', () => this.#resume())
    const isRecovered = () => this.#waiting.length === 0 && this.#lent.size === 0
    for (let round = 0; !isRecovered(); round++) {
      if (round > 500) throw new Error('callers are still waiting')
      await this.#step('recover', () => {
        if (lifecycle.pending.length > 0) this.#creation()?.succeed()
        else if (lifecycle.hanging.size > 0) this.#answer()
        else if (this.#lent.size > 0) this.#giveBack((resource) => pool.release(resource))
        else clock.advance(clock.nextDelayMs ?? 0)
      })
    }
    // With a lifetime this short the pool is never at rest.
    if (this.#options.maxLifetimeMs !== Infinity) return
    await this.#step('warm up', () => void this.#outcomes.push(watch(pool.warmUp())))
    for (let round = 0; pool.snapshot.idle < this.#options.minSize; round++) {
      if (round > 50) throw new Error('minSize was not reached')
      await this.#step('refill', () => {
        if (lifecycle.pending.length > 0) this.#creation()?.succeed()
        else if (lifecycle.hanging.size > 0) this.#answer()
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
      if (this.#chance.next() < 0.5)
        await this.#step('late', () => void this.#creation()?.succeed())
      else await this.#step('late failure', () => this.#creation()?.fail(new Error('aborted')))
    }
    check(this.#closed?.state === 'fulfilled', 'close did not resolve')
    check(!this.#outcomes.some(({ state }) => state === 'pending'), 'a promise is pending')
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
    check(!this.#expired.has(resource), 'an expired resource was lent')
    this.#lent.add(resource)
  }

  #checkStep(): void {
    const { pool, lifecycle, clock } = this.#fixture
    const { minSize, maxSize } = this.#options
    const stats = pool.stats()
    const { size, idle, lent, creating, waiting } = stats
    this.#ceiling = Math.max(maxSize, Math.min(this.#ceiling, size))
    check(idle + lent + creating === size && size <= this.#ceiling, 'the gauges do not add up')
    check(waiting === this.#waiting.length, 'a waiter was lost')
    const validating = this.#isTerminated ? 0 : creating - lifecycle.pending.length
    // What is idle for long is of use once it was validated, which one waiter asks of one resource.
    const isIdleUseless = idle === 0 || this.#isPaused || validating >= waiting
    check(waiting === 0 || isIdleUseless, 'a waiter waits beside an idle resource')
    check(pool.isPaused === this.#isPaused, 'a pause began or ended by itself')
    if (!this.#isTerminated) {
      check(lent === this.#lent.size, 'a lent resource was lost')
      check(idle + lent + validating === this.#open().length, 'a resource was lost')
      check(validating >= 0 && validating <= lifecycle.hanging.size, 'a creation was lost')
    }
    for (const caller of this.#served) {
      const older = this.#waiting.some((other) => other.id < caller.id)
      check(!older, `caller ${caller.id} was served before an older one`)
    }
    const late = this.#waiting.some(({ deadlineMs }) => deadlineMs <= clock.now())
    check(!late, 'a waiter waits past its deadline')

    const { acquired, timedOut, aborted, refused, shed } = stats
    const settled = acquired + timedOut + aborted + refused + shed
    check(stats.waitTime.count === acquired, 'a wait was not recorded')
    check(stats.useTime.count === stats.released, 'a use was not recorded')
    check(settled + waiting === this.#requests, 'the counters of callers do not add up')
    check(stats.created === lifecycle.made.length, 'the counter of creations is wrong')
    const destroyed = Object.values(stats.destroyed).reduce((sum, count) => sum + count, 0)
    check(destroyed === lifecycle.made.length - this.#open().length, 'the destroyed do not add up')

    if (this.#closed !== undefined || this.#isTerminated) {
      check(clock.timers === 0 && waiting === 0, 'a closed pool goes on')
      return
    }
    const isHoped = creating > 0 || size >= maxSize || clock.refTimers > 0 || this.#isPaused
    check(waiting === 0 || isHoped, 'a waiter waits for nothing')
    // Before the first caller or warm-up nothing is opened.
    const isFilling = creating > 0 || clock.timers > 0 || lifecycle.attempts === 0 || this.#isPaused
    check(size >= minSize || isFilling, 'minSize is not made up')
    check(waiting > 0 || clock.refTimers === 0, 'an idle pool keeps the process alive')
  }

  // ---- chance

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
    return this.#chance.next() < 0.4 ? Infinity : this.#chance.integer(200)
  }

  #open(): FakeResource[] {
    return this.#fixture.lifecycle.made.filter(({ destroyed }) => destroyed.length === 0)
  }

  #creation() {
    return this.#chance.pick(this.#fixture.lifecycle.pending)
  }
}
