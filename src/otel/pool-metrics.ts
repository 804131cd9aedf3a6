import {
  type AcquireTrace,
  type ConnectTrace,
  channels,
  type ReleaseMessage,
  releases,
} from '../base/telemetry.js'
import type { Pool } from '../pool/pool.js'
import type { OtelMeter, OtelObservation } from './api.js'
import { DURATION_BOUNDS } from './query-telemetry.js'

/** Reports the state of pools and how long they take. Gives what ends that. */
export function observePools(meter: OtelMeter, pools: readonly Pool[]): () => void {
  const count = meter.createObservableUpDownCounter('db.client.connection.count', {
    unit: '{connection}',
    description: 'Connections by state.',
  })
  const most = meter.createObservableUpDownCounter('db.client.connection.max', {
    unit: '{connection}',
    description: 'Most connections open at once.',
  })
  const least = meter.createObservableUpDownCounter('db.client.connection.idle.min', {
    unit: '{connection}',
    description: 'Connections kept open.',
  })
  const pending = meter.createObservableUpDownCounter('db.client.connection.pending_requests', {
    unit: '{request}',
    description: 'Callers that wait for a connection.',
  })
  const timeouts = meter.createObservableCounter('db.client.connection.timeouts', {
    unit: '{timeout}',
    description: 'Callers whose deadline passed before they got a connection.',
  })
  // Only the meter knows what its instruments are.
  const instruments = [count, most, least, pending, timeouts] as never[]
  const observe = (result: OtelObservation) => {
    for (const pool of pools) {
      const { idle, lent, waiting, minSize, maxSize, timedOut } = pool.stats()
      const name = { 'db.client.connection.pool.name': pool.name }
      result.observe(count as never, idle, { ...name, 'db.client.connection.state': 'idle' })
      result.observe(count as never, lent, { ...name, 'db.client.connection.state': 'used' })
      result.observe(most as never, maxSize, name)
      result.observe(least as never, minSize, name)
      result.observe(pending as never, waiting, name)
      result.observe(timeouts as never, timedOut, name)
    }
  }
  meter.addBatchObservableCallback(observe, instruments)
  const stopTimes = observeTimes(meter)
  return () => {
    meter.removeBatchObservableCallback(observe, instruments)
    stopTimes()
  }
}

/** Waiting for a connection, using one, and opening one. */
function observeTimes(meter: OtelMeter): () => void {
  const options = { unit: 's', advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] } }
  const wait = meter.createHistogram('db.client.connection.wait_time', {
    ...options,
    description: 'Time to get a connection from the pool.',
  })
  const use = meter.createHistogram('db.client.connection.use_time', {
    ...options,
    description: 'Time between getting a connection from the pool and giving it back.',
  })
  const create = meter.createHistogram('db.client.connection.create_time', {
    ...options,
    description: 'Time to open a connection.',
  })
  const onAcquired = (message: unknown) => {
    const { duration, error, pool } = message as AcquireTrace
    if (error !== undefined || duration === undefined) return
    wait.record(duration / 1000, nameOf(pool))
  }
  const onReleased = (message: unknown) => {
    const { duration, pool } = message as ReleaseMessage
    use.record(duration / 1000, nameOf(pool))
  }
  const onConnected = (message: unknown) => {
    const { duration, error } = message as ConnectTrace
    if (error === undefined && duration !== undefined) create.record(duration / 1000)
  }
  channels.acquire.asyncEnd.subscribe(onAcquired)
  releases.subscribe(onReleased)
  channels.connect.asyncEnd.subscribe(onConnected)
  return () => {
    channels.acquire.asyncEnd.unsubscribe(onAcquired)
    releases.unsubscribe(onReleased)
    channels.connect.asyncEnd.unsubscribe(onConnected)
  }
}

function nameOf(pool: string | undefined): Record<string, string> {
  return pool === undefined ? {} : { 'db.client.connection.pool.name': pool }
}
