import {
  type Channel,
  channel,
  type TracingChannel,
  tracingChannel,
} from 'node:diagnostics_channel'

/*
 * What sluice tells on node:diagnostics_channel. Each channel is a TracingChannel, so that tools bind
 * their context to it; whoever publishes asks `isTraced` first, and makes nothing without a subscriber.
 * No context holds a parameter, a row or a password.
 */

/** What every trace tells once it is over. */
export interface Trace {
  /** How long it took, in ms. */
  duration?: number
  /** What it failed with. */
  error?: unknown
}

/** Opening a connection. */
export interface ConnectTrace extends Trace {
  readonly database: string
  /** `host:port` or the path of the socket, once it is open. */
  address?: string
  /** Process id of the server's side, once it is open. */
  serverPid?: number
}

/** One query, from the call to its result; on a pool this includes waiting for a connection. */
export interface QueryTrace extends Trace {
  readonly text: string
  /** How many parameters were given; 0 for `executemany`, which takes many rows of them. */
  readonly parameterCount: number
  /** Of the command tag, such as `SELECT`. Absent when fewer rows were fetched than there are. */
  command?: string
  /** Rows returned or affected, where the command counts them. */
  rowCount?: number | null
  /** How often `executemany` ran the statement, or how many statements a `batch` had. */
  batchSize?: number
}

/** What {@link onQuery} and the option `onQuery` call. */
export type QueryListener = (query: QueryTrace) => void

/** Preparing a statement for the caller. */
export interface PrepareTrace extends Trace {
  readonly text: string
}

/** One COPY. That of records has the format left out of its text. */
export type CopyTrace = QueryTrace

/** A transaction, with all its attempts. */
export interface TransactionTrace extends Trace {
  readonly isolation?: string | undefined
  readonly readonly?: boolean | undefined
  readonly deferrable?: boolean | undefined
  /** Whether it is a savepoint in another. */
  readonly isNested: boolean
  /** How often it was begun. */
  attempts: number
}

/** Waiting for a connection of a pool. */
export interface AcquireTrace extends Trace {
  /** `name` of the pool, if it has one. */
  readonly pool?: string | undefined
}

/** A connection came back to its pool. */
export interface ReleaseMessage {
  /** `name` of the pool. */
  readonly pool: string | undefined
  /** For how long it was lent, or used by single queries, in ms. */
  readonly duration: number
}

/** Where each {@link ReleaseMessage} goes: it is over when it is told, so there is nothing to trace. */
export const releases: Channel = channel('sluice:pool:release')

/** The channels by what they tell. */
export const channels: {
  readonly connect: TracingChannel<unknown, ConnectTrace>
  readonly query: TracingChannel<unknown, QueryTrace>
  readonly prepare: TracingChannel<unknown, PrepareTrace>
  readonly copy: TracingChannel<unknown, CopyTrace>
  readonly transaction: TracingChannel<unknown, TransactionTrace>
  readonly acquire: TracingChannel<unknown, AcquireTrace>
} = {
  connect: tracingChannel('sluice:connect'),
  query: tracingChannel('sluice:query'),
  prepare: tracingChannel('sluice:prepare'),
  copy: tracingChannel('sluice:copy'),
  transaction: tracingChannel('sluice:transaction'),
  acquire: tracingChannel('sluice:pool:acquire'),
}

/**
 * Whether anybody listens to one of its five channels. `TracingChannel.hasSubscribers` says the same,
 * but not in Bun, which leaves it undefined.
 */
export function isTraced<C extends object>(channel: TracingChannel<unknown, C>): boolean {
  return (
    channel.start.hasSubscribers ||
    channel.end.hasSubscribers ||
    channel.asyncStart.hasSubscribers ||
    channel.asyncEnd.hasSubscribers ||
    channel.error.hasSubscribers
  )
}

/**
 * Runs `run` and publishes it: `start` and `end` around the call, `asyncStart` and `asyncEnd` when its
 * promise settles, `error` before these when it rejects, as `TracingChannel.tracePromise` does; but
 * unlike that it does not publish the result. `onResult` puts into the context what may be told of it;
 * `listener` is told at the end besides the channel.
 */
export async function traced<C extends Trace, T>(
  channel: TracingChannel<unknown, C>,
  context: C,
  run: () => Promise<T>,
  onResult?: (context: C, result: T) => void,
  listener?: (context: C) => void,
): Promise<T> {
  const startMs = performance.now()
  try {
    // With await, so that the stack of an error leads on to the caller.
    const result = await started(channel, context, run)
    context.duration = performance.now() - startMs
    onResult?.(context, result)
    return result
  } catch (error) {
    context.duration = performance.now() - startMs
    context.error = error
    channel.error.publish(context as C & { error: unknown })
    throw error
  } finally {
    channel.asyncStart.publish(context)
    channel.asyncEnd.publish(context)
    if (listener !== undefined) tell(listener, context)
  }
}

/** What a listener throws is no business of the query: it surfaces on its own, as with a subscriber. */
function tell<C>(listener: (context: C) => void, context: C): void {
  try {
    listener(context)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

function started<C extends Trace, T>(
  channel: TracingChannel<unknown, C>,
  context: C,
  run: () => Promise<T>,
): Promise<T> {
  return channel.start.runStores(context, () => {
    try {
      return run()
    } finally {
      channel.end.publish(context)
    }
  })
}

/**
 * Calls `listener` after each query and COPY of this process, until it is disposed of. What it throws
 * surfaces as an uncaught exception, as with every subscriber of node:diagnostics_channel. The option
 * `onQuery` does the same for one connection or pool.
 */
export function onQuery(listener: QueryListener): Disposable {
  const onEnd = (context: unknown) => listener(context as QueryTrace)
  channels.query.asyncEnd.subscribe(onEnd)
  channels.copy.asyncEnd.subscribe(onEnd)
  return {
    [Symbol.dispose]: () => {
      channels.query.asyncEnd.unsubscribe(onEnd)
      channels.copy.asyncEnd.unsubscribe(onEnd)
    },
  }
}
