import { subscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import { fstatSync, readdirSync, readlinkSync } from 'node:fs'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { channels, isTraced, releases } from '../../src/base/telemetry.js'

/*
 * What a test can leave behind in its process. Whatever Node can list is asked of Node; timers without
 * ref, sockets and listeners of AbortSignals are noted when they are made, since it lists none of them.
 * What is noted is held weakly, so that tests of memory see none of it.
 */

/** What is alive: each thing under its identity, with the words for it; without words it does not count. */
export type Live = Map<unknown, () => string | undefined>

/** The timers of Node before they were watched: fake ones of a test do not reach them. */
const { setTimeout: realSetTimeout, setInterval: realSetInterval } = globalThis
const sleep = promisify(realSetTimeout)
const turn = promisify(setImmediate)

class Noted<T extends object> {
  readonly #references = new Set<WeakRef<T>>()
  readonly #known = new WeakSet<T>()
  readonly #isAlive: (item: T) => boolean

  constructor(isAlive: (item: T) => boolean) {
    this.#isAlive = isAlive
  }

  add(item: T): void {
    if (this.#known.has(item)) return
    this.#known.add(item)
    this.#references.add(new WeakRef(item))
  }

  /** Those that are alive; the others are forgotten. */
  alive(): readonly T[] {
    const items: T[] = []
    for (const reference of this.#references) {
      const item = reference.deref()
      if (item !== undefined && this.#isAlive(item)) items.push(item)
      else {
        this.#references.delete(reference)
        if (item !== undefined) this.#known.delete(item)
      }
    }
    return items
  }
}

const timers = new Noted<NodeJS.Timeout>((timer) => !Reflect.get(timer, '_destroyed'))
/** By whom timers were made and listeners of signals added. */
const madeAt = new WeakMap<object, Error>()
const sockets = new Noted<Socket>((socket) => !socket.destroyed)
const signals = new Noted<AbortSignal>(({ aborted }) => !aborted)
const runnersSignals = new WeakSet<AbortSignal>()
const incidents: string[] = []
let isShared = false
/** What belongs to a connection that is open, by its words. */
const SHARED = /^a (?:handle|timer)/
/** When a port of this process was in use, by `Date.now()`. */
export interface Use {
  readonly connected: number
  closed: number
}

/** The ports of this process from which servers were reached. */
const ports = new Map<number, Use>()

let isWatching = false

/** Begins to note, once in a process of tests: several files may run in it. */
export function watch(): void {
  if (isWatching) return
  isWatching = true
  watchTimers('setTimeout', realSetTimeout)
  watchTimers('setInterval', realSetInterval)
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket: Socket }
    sockets.add(socket)
    socket.once('connect', () => {
      if (socket.localPort === undefined) return
      const use: Use = { connected: Date.now(), closed: Number.POSITIVE_INFINITY }
      ports.set(socket.localPort, use)
      socket.once('close', () => {
        use.closed = Date.now()
      })
    })
  })
  const { addEventListener } = EventTarget.prototype
  AbortSignal.prototype.addEventListener = function add(this: AbortSignal, ...args: unknown[]) {
    signals.add(this)
    if (typeof args[1] === 'function') madeAt.set(args[1], new Error('added'))
    Reflect.apply(addEventListener, this, args)
  }
  process.on('unhandledRejection', (reason) => {
    incidents.push(`an unhandled rejection: ${reason}`)
  })
  process.on('warning', ({ name, message }) => {
    // Many queries may share a signal; that each of them leaves it is seen at the signal.
    if (name === 'MaxListenersExceededWarning' && !message.includes('[AbortSignal]')) {
      incidents.push(message)
    }
  })
}

function watchTimers(
  name: 'setTimeout' | 'setInterval',
  make: (...args: Parameters<typeof setTimeout>) => NodeJS.Timeout,
): void {
  const watched = (...args: Parameters<typeof setTimeout>): NodeJS.Timeout => {
    const timer = make(...args)
    timers.add(timer)
    madeAt.set(timer, new Error('made'))
    return timer
  }
  // setTimeout carries what promisify makes of it.
  Object.defineProperties(watched, Object.getOwnPropertyDescriptors(make))
  Object.defineProperty(globalThis, name, { value: watched, writable: true, configurable: true })
}

/** The signal of a test, to which its runner listens. */
export function ignore(signal: AbortSignal): void {
  runnersSignals.add(signal)
}

/** What is alive now. */
export function live(): Live {
  const all: Live = new Map()
  for (const handle of activeHandles()) all.set(handle, () => `a handle: ${describe(handle)}`)
  for (const socket of sockets.alive()) all.set(socket, () => `a handle: ${describe(socket)}`)
  for (const timer of timers.alive()) all.set(timer, () => `a timer, ${originOf(timer)}`)
  for (const fd of fileDescriptors()) all.set(`fd ${fd}`, () => describeFile(fd))
  for (const event of process.eventNames()) {
    for (const listener of process.rawListeners(event as 'exit')) {
      all.set(listener, () => `a listener of the process: ${String(event)}`)
    }
  }
  for (const signal of signals.alive()) {
    if (runnersSignals.has(signal)) continue
    for (const listener of getEventListeners(signal, 'abort')) {
      all.set(listener, () => describeListener(listener))
    }
  }
  for (const [name, channel] of Object.entries(channels)) {
    if (isTraced(channel)) all.set(name, () => `a subscriber of the channel ${name}`)
  }
  if (releases.hasSubscribers) all.set(releases, () => 'a subscriber of the channel release')
  return all
}

/** The handles that keep the process alive. Node names their types in public, but only so does it give them. */
function activeHandles(): object[] {
  const list: unknown = Reflect.get(process, '_getActiveHandles')
  const all = (list as () => object[]).call(process)
  const own: unknown[] = [process.stdin, process.stdout, process.stderr]
  return all.filter((handle) => !own.includes(handle))
}

function describe(handle: object): string {
  const name = handle.constructor.name
  const { remoteAddress, remotePort, spawnfile } = handle as Socket & { spawnfile?: string }
  if (spawnfile !== undefined) return `${name} ${spawnfile}`
  if (remotePort !== undefined) return `${name} to ${remoteAddress}:${remotePort}`
  return name
}

/** Those of Node's own fetch are its business. */
function describeListener(listener: object): string | undefined {
  const isFetch = madeAt.get(listener)?.stack?.includes('node:internal/deps/undici')
  return isFetch ? undefined : `a listener of an AbortSignal, ${originOf(listener)}`
}

/** The line of the caller outside of this file that made a timer, or added a listener. */
function originOf(made: object): string {
  const [, ...frames] = madeAt.get(made)?.stack?.split('\n') ?? []
  return frames.find((frame) => !frame.includes('left-behind'))?.trim() ?? 'made somewhere'
}

/** Linux lists them; elsewhere open files are not looked at. */
function fileDescriptors(): readonly string[] {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').filter(isOpen) : []
}

/** Not so the descriptor by which the list was read, whose number is the next one's to be opened. */
function isOpen(fd: string): boolean {
  try {
    fstatSync(Number(fd))
    return true
  } catch {
    return false
  }
}

/** Sockets, pipes and devices have no path, or are looked at as handles. */
function describeFile(fd: string): string | undefined {
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`)
    return path.startsWith('/') && !/^\/(?:dev|proc)\//.test(path)
      ? `an open file: ${path}`
      : undefined
  } catch {
    return undefined // closed meanwhile
  }
}

/**
 * Says that connections and pools of this file are opened when a test first needs them, and outlive it:
 * sockets and timers are then looked for at the end of the file alone.
 */
export function sharesConnections(): void {
  isShared = true
}

/**
 * What is alive and was not `before`, and what went wrong since the last call. What is closing gets time:
 * ends of sockets and processes come from outside.
 */
export async function leftBehind(
  before: Live,
  graceMs: number,
  scope: 'test' | 'file',
): Promise<readonly string[]> {
  const end = performance.now() + graceMs
  for (let pause = 1; ; pause *= 2) {
    await turn()
    const left: string[] = []
    for (const [thing, wordsFor] of live()) {
      const words = before.has(thing) ? undefined : wordsFor()
      if (words === undefined || (isShared && scope === 'test' && SHARED.test(words))) continue
      left.push(words)
    }
    if (left.length === 0 || performance.now() > end) return [...incidents.splice(0), ...left]
    await sleep(Math.min(pause, 50))
  }
}

/** The ports from which this process reached servers since the last call, and when, in ms since 1970. */
export function takePorts(): ReadonlyMap<number, Use> {
  const taken = new Map(ports)
  ports.clear()
  return taken
}
