import { tracingChannel } from 'node:diagnostics_channel'

/** What a lost connection could leave behind, by the names of `process.getActiveResourcesInfo()`. */
const RESOURCES: readonly string[] = [
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'PipeWrap',
  'Timeout',
  'GetAddrInfoReqWrap',
]

function countResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (RESOURCES.includes(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Notices what the process gathers from now on beyond what it has: sockets, servers, timers. */
export class ResourceWatch {
  readonly #before = countResources()

  /** Such as `2 TCPSocketWrap`; nothing if all is as it was. */
  leaked(): readonly string[] {
    return [...countResources()].flatMap(([name, count]) => {
      const more = count - (this.#before.get(name) ?? 0)
      return more > 0 ? [`${more} ${name}`] : []
    })
  }
}

const TRACED = ['connect', 'query', 'copy', 'prepare', 'transaction', 'pool:acquire'] as const

/** Counts what begins and what ends, as the tracing channels of sluice tell it. */
export class TraceBalance implements Disposable {
  readonly #open = new Map<object, string>()
  readonly #problems: string[] = []
  readonly #unsubscribe: (() => void)[] = []

  constructor() {
    for (const name of TRACED) {
      const channel = tracingChannel(`sluice:${name}`)
      const handlers = {
        start: (trace: object) => void this.#open.set(trace, name),
        asyncEnd: (trace: object) => this.#end(trace, name),
        end: () => {},
        asyncStart: () => {},
        error: () => {},
      }
      channel.subscribe(handlers)
      this.#unsubscribe.push(() => channel.unsubscribe(handlers))
    }
  }

  /** What has not ended exactly once since the last call. */
  take(): readonly string[] {
    const problems = [
      ...this.#problems,
      ...[...this.#open.values()].map((name) => `${name} never ended`),
    ]
    this.#problems.length = 0
    this.#open.clear()
    return problems
  }

  [Symbol.dispose](): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
  }

  #end(trace: object, name: string): void {
    if (!this.#open.delete(trace)) this.#problems.push(`${name} ended twice`)
  }
}

/** Collects what nobody caught, in the place of the end of the process. */
export class UncaughtWatch implements Disposable {
  readonly #seen: string[] = []
  readonly #note = (error: unknown) => void this.#seen.push(`nobody caught ${describe(error)}`)
  readonly #warn = (warning: Error) => {
    if (warning.name.startsWith('MaxListeners')) this.#seen.push(warning.message)
  }

  constructor() {
    process.on('unhandledRejection', this.#note)
    process.on('uncaughtException', this.#note)
    process.on('warning', this.#warn)
  }

  /** What has come since the last call. */
  take(): readonly string[] {
    return this.#seen.splice(0)
  }

  [Symbol.dispose](): void {
    process.off('unhandledRejection', this.#note)
    process.off('uncaughtException', this.#note)
    process.off('warning', this.#warn)
  }
}

/** An error in a few words. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { code?: unknown }
  return `${error.name}${code === undefined ? '' : ` ${code}`}: ${error.message.split('\n', 1)[0]}`
}
