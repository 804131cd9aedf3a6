import { connect } from '../../dist/index.js'
import { OPERATIONS } from './operations.js'

/*
 * One operation in a process of its own, so that it meets no memory of another. Its arguments: the DSN,
 * the name of the operation, the number of rows. It sends a MemoryFigures to its parent.
 */

/** What one operation took. */
export interface MemoryFigures {
  readonly rows: number
  readonly seconds: number
  /** Resident before, after a run over a tenth of the rows. */
  readonly before: number
  /** The most that was resident while it ran. */
  readonly peak: number
}

/** Memory is looked at once in so many rows. */
const SAMPLE_ROWS = 2_000

const [dsn, name, rowCount] = process.argv.slice(2)
const operation = OPERATIONS.find((each) => each.name === name)
if (operation === undefined) throw new Error(`there is no operation "${name}"`)
const count = Number(rowCount)

const conn = await connect(dsn)
let peak = 0
let seen = 0
const onRow = (): void => {
  if (seen++ % SAMPLE_ROWS === 0) peak = Math.max(peak, process.memoryUsage.rss())
}
// Code is compiled and buffers are allocated by now.
await operation.run(conn, count / 10, onRow)
const before = process.memoryUsage.rss()
peak = before
const start = performance.now()
const rows = await operation.run(conn, count, onRow)
const seconds = (performance.now() - start) / 1000
peak = Math.max(peak, process.memoryUsage.rss())
await conn.close()
const figures: MemoryFigures = { rows, seconds, before, peak }
process.send?.(figures)
