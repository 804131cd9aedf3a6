import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { testServer } from '../support/server.js'
import { sluice } from './sweep/every-feature.js'
import { DROP_SWEEP_SCHEMA, SWEEP_SCHEMA } from './sweep/subject.js'
import { Sweep, type SweepOptions } from './sweep/sweep.js'

// Here a sample, spread over the whole conversation; `npm run sweep` cuts everywhere.

async function execute(script: string): Promise<void> {
  await using conn = await connect((await testServer()).dsn())
  await conn.execute(script)
}

beforeAll(() => execute(SWEEP_SCHEMA))
afterAll(() => execute(DROP_SWEEP_SCHEMA))

const SAMPLES: readonly (readonly [string, Omit<SweepOptions, 'step'>, leastFailed: number])[] = [
  ['plain', { tls: false, cuts: ['reset', 'close', 'half-close'], limit: 12 }, 7],
  ['in TLS', { tls: true, cuts: ['reset', 'close'], limit: 3 }, 1],
]

test.each(SAMPLES)(
  'cut %s: every call settles rightly, nothing is left, and the pool works again',
  async (_name, options, leastFailed) => {
    await using sweep = await Sweep.start(sluice, await testServer(), { ...options, step: 1 })
    const result = await sweep.run()
    expect(result.problems).toEqual([])
    expect(result.cuts).toBe(options.limit)
    // Else the cuts would not have hit what they are for.
    expect(result.failed).toBeGreaterThanOrEqual(leastFailed)
  },
  120_000,
)
