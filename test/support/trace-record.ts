import { tracingChannel } from 'node:diagnostics_channel'
import { onTestFinished } from 'vitest'

/** Collects what a tracing channel tells, each context as it was then, until the test is over. */
export function recordTraces(name: string): [event: string, context: Record<string, unknown>][] {
  const seen: [string, Record<string, unknown>][] = []
  const channel = tracingChannel(name)
  const listener = (event: string) => (context: unknown) =>
    seen.push([event, { ...(context as Record<string, unknown>) }])
  const handlers = {
    start: listener('start'),
    end: listener('end'),
    asyncStart: listener('asyncStart'),
    asyncEnd: listener('asyncEnd'),
    error: listener('error'),
  }
  channel.subscribe(handlers)
  onTestFinished(() => channel.unsubscribe(handlers))
  return seen
}
