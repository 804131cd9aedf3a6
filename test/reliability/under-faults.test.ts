import { describe, expect, test } from 'vitest'
import { runFailover } from './failover/failover.js'
import { EXPECTED_SUM, runLedger } from './ledger/ledger.js'

// Short forms of `npm run ledger` and `npm run failover`, side by side since both wait most of the time.

describe.concurrent('under faults', () => {
  test('a ledger: each commit that was acknowledged is there, once, and the sums hold', async () => {
    const seed = Number(process.env['SLUICE_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`SLUICE_SEED=${seed}`)
    const durationMs = 1000 * Number(process.env['SLUICE_LEDGER_SECONDS'] ?? 10)
    const result = await runLedger({ durationMs, seed, tellers: 6, clients: 1, pauseMs: 700 })
    expect(result).toMatchObject({ defects: [], sum: EXPECTED_SUM, wrongAccounts: 0 })
    expect(result.acknowledged).toBeGreaterThan(0)
    expect(result.found).toBe(result.acknowledged)
    expect(result.faults).toBeGreaterThan(0)
  }, 180_000)

  test('a promotion: writes go on at the new primary, none is lost or doubled, and reads go on all the time', async () => {
    const result = await runFailover({ writers: 5, readers: 5, loadMs: 700, detectionMs: 200 })
    expect(result).toMatchObject({ doubled: 0, defects: [], found: result.acknowledged })
    expect(result.acknowledged).toBeGreaterThan(0)
    expect(result.reads).toBeGreaterThan(0)
    // No measure of speed, only that it is not for ever; the command prints how long it takes.
    expect(result.writesResumedMs).toBeLessThan(30_000)
    expect(result.longestReadGapMs).toBeLessThan(30_000)
  }, 120_000)
})
