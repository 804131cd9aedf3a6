import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { testServer } from '../support/server.js'

const PROGRAM = fileURLToPath(new URL('hot-path.mjs', import.meta.url))

/** So that nothing is collected while bytes are counted, in MiB. */
const YOUNG_GENERATION = 128

describe('the way of a query', () => {
  let figures: Readonly<Record<string, number>>

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      `--max-semi-space-size=${YOUNG_GENERATION}`,
      PROGRAM,
      (await testServer()).dsn(),
    ])
    figures = JSON.parse(stdout)
  })

  test('is one write for a query, and one for all that are made in a turn', () => {
    expect(figures['writesOfOneQuery']).toBe(1)
    expect(figures['writesOfHundredAtOnce']).toBe(1)
  })

  test('is one write for each query that waits for a connection', () => {
    expect(figures['writesOfHundredOnAPool']).toBe(100)
  })

  test('allocates nothing for a row but the row', () => {
    const { bytesPerRow = Number.NaN, bytesPerPlainRow = Number.NaN } = figures
    expect(bytesPerRow).toBeLessThan(bytesPerPlainRow * 1.1)
  })

  test('holds no row of a stream while the next ones are decoded', () => {
    expect(figures['rowsKeptByStream']).toBe(0)
  })

  test('allocates less than 4 KiB for a query', () => {
    expect(figures['bytesPerQuery']).toBeLessThan(4096)
  })
})
