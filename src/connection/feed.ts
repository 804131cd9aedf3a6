import { InterfaceError } from '../base/errors.js'
import type { Limits } from '../wire/limits.js'
import { within } from './within.js'

/** Who takes items one by one, such as a COPY FROM STDIN or a batch. */
export interface Feedable {
  /** Whether an item may be added at once: {@link writable} without waiting. */
  readonly isWritableNow: boolean
  /** Waits until an item may be added. False: none is of use any more. */
  writable(): Promise<boolean>
  /** Sets what is called once when items become of no use; at once if they are. */
  set onOver(listener: (() => void) | undefined)
  /** The last item was added. */
  finish(): void
  /** The items cannot be completed: what was done of them is undone. */
  abort(error: unknown): void
  /** Settles when it is over. */
  readonly promise: Promise<unknown>
}

/** A source in one of its two forms. */
export type Source<T> = Iterator<T> | AsyncIterator<T>

/** Others get their turn at least so often, in ms: a fast source and a fast server need no event loop. */
const YIELD_MS = 5

/**
 * Hands what `source` gives to `target` by `add`, as fast as it takes it, and calls `addRest` at the end. Resolves when `target` has
 * all or wants no more; its promise tells how it ended.
 *
 * What `source` or `add` throws aborts `target` and is thrown once that is over. A source that was not
 * read to its end is closed.
 */
export async function feed<T>(
  source: Source<T>,
  target: Feedable,
  add: (item: T) => void,
  addRest: () => void = () => {},
): Promise<void> {
  let isDone = false
  // It may settle while nobody awaits it yet, but the source.
  target.promise.catch(() => {})
  try {
    isDone = await pump(source, target, add)
    if (isDone) {
      addRest()
      target.finish()
    }
  } catch (error) {
    target.abort(new InterfaceError('the source of the data failed', { safeToRetry: false }))
    // How the server puts it is of no interest: the caller learns of the cause.
    await target.promise.catch(() => {})
    throw error
  } finally {
    target.onOver = undefined
    if (!isDone) close(source)
  }
}

/** The items of an array, which {@link feed} takes without a call of the iterator for each. */
export class ArrayItems<T> implements Iterator<T> {
  readonly items: readonly T[]
  /** Which comes next. */
  at = 0

  constructor(items: readonly T[]) {
    this.items = items
  }

  next(): IteratorResult<T, undefined> {
    if (this.at >= this.items.length) return { done: true, value: undefined }
    return { done: false, value: this.items[this.at++] as T }
  }
}

/** A source for {@link feed}. @throws {TypeError} if `items` is neither iterable nor async iterable. */
export function sourceOf<T>(items: Iterable<T> | AsyncIterable<T>, what: string): Source<T> {
  if (Array.isArray(items) && items[Symbol.iterator] === Array.prototype.values) {
    return new ArrayItems<T>(items)
  }
  if (typeof items === 'object' && items !== null) {
    if (Symbol.asyncIterator in items) return items[Symbol.asyncIterator]()
    if (Symbol.iterator in items) return items[Symbol.iterator]()
  }
  throw new TypeError(`${what} must be an iterable or async iterable`)
}

/** Gives whether the source was read to its end. */
async function pump<T>(
  source: Source<T>,
  target: Feedable,
  add: (item: T) => void,
): Promise<boolean> {
  if (!(await target.writable())) return false
  let yieldedAt = performance.now()
  for (;;) {
    if (source instanceof ArrayItems) {
      if (addItems(source, target, add)) return true
    } else {
      const next = source.next()
      const step = 'then' in next ? await settledOrOver(next, target) : next
      if (step === undefined) return false
      if (step.done === true) return true
      add(step.value)
      if (target.isWritableNow) continue
    }
    if (!(await target.writable())) return false
    if (performance.now() - yieldedAt > YIELD_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      yieldedAt = performance.now()
    }
  }
}

/** Adds what the target takes at once. Gives whether that was all. */
function addItems<T>(source: ArrayItems<T>, target: Feedable, add: (item: T) => void): boolean {
  const { items } = source
  while (source.at < items.length) {
    add(items[source.at++] as T)
    if (!target.isWritableNow) break
  }
  return source.at >= items.length
}

/** What `next` gives, or undefined as soon as the target wants nothing any more: a source may take its time. */
function settledOrOver<T>(
  next: PromiseLike<IteratorResult<T>>,
  target: Feedable,
): Promise<IteratorResult<T> | undefined> {
  return new Promise((resolve, reject) => {
    target.onOver = () => resolve(undefined)
    next.then(resolve, reject)
  })
}

/** Tells a source that no more is wanted. It may be in the middle of something, so nobody waits for it. */
function close(source: Source<unknown>): void {
  try {
    // The caller learns why it was closed; that closing failed as well adds nothing.
    Promise.resolve(source.return?.()).catch(() => {})
  } catch {
    // As above, of a source that is not asynchronous.
  }
}

/**
 * The first item of a source: a promise where the source is asynchronous, which `limits` end. The source is
 * closed then.
 */
export function firstOf<T>(
  source: Source<T>,
  limits: Limits | undefined,
): IteratorResult<T> | Promise<IteratorResult<T>> {
  const next = source.next()
  if (!('then' in next)) return next
  return within(limits, next, false).catch((error: unknown) => {
    close(source)
    throw error
  })
}

/** A source whose first item was taken already. */
export function following<T>(first: IteratorResult<T>, rest: Source<T>): Source<T> {
  if (rest instanceof ArrayItems) {
    if (first.done !== true) rest.at -= 1
    return rest
  }
  let isFirst = true
  const next = () => {
    if (!isFirst) return rest.next()
    isFirst = false
    return first
  }
  // Of either kind, as the rest is.
  return { next, return: () => rest.return?.() } as Source<T>
}
