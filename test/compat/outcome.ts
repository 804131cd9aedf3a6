/** A value in a form that can be compared: what differs between two copies of a class is its name. */
export function plain(value: unknown): unknown {
  if (value instanceof Date) return { date: value.getTime() }
  if (Buffer.isBuffer(value)) return { bytes: value.toString('hex') }
  if (value instanceof Error) return plainError(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) }
  if (Object.is(value, -0)) return { number: '-0' }
  if (value === undefined) return { undefined: true }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => !key.startsWith('_') && !(key === 'parseRow' && item))
      .map(([key, item]) => [key, key === 'tableID' ? item !== 0 : plain(item)]),
  )
}

/** What is the server's or the network's own, and so differs from run to run. */
const VOLATILE = new Set(['line', 'file', 'routine', 'port', 'client', 'length'])

function plainError(error: Error): unknown {
  const fields = Object.entries(error).filter(([key]) => !VOLATILE.has(key))
  return {
    error: error.message,
    name: error.name,
    ...Object.fromEntries(fields.map(([key, value]) => [key, plain(value)])),
    // The number of the session's own schema.
    ...('schema' in error && { schema: String(error.schema).replace(/^pg_temp_\d+$/, 'pg_temp') }),
  }
}

/** What a promise comes to. */
export async function outcome(promise: unknown): Promise<unknown> {
  try {
    return plain(await promise)
  } catch (error) {
    return { rejected: plain(error) }
  }
}

/** What a call comes to that may throw at once. */
export function thrown(call: () => unknown): unknown {
  try {
    return { returned: plain(call()) }
  } catch (error) {
    return { thrown: plain(error) }
  }
}
