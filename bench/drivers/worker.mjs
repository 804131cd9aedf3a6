/**
 * Runs one case of the drivers benchmark with one driver, in a process of its own. It is told what to
 * do by lines of JSON on standard input and answers each with one on standard output:
 *
 *     { do: 'open', driver, target, case, mode } → { version }
 *     { do: 'check' }                            → { digest, rows }
 *     { do: 'run', ms }                          → { queries, rows, ms, cpuUs, p50, p99, rssMb }
 *
 * Plain JavaScript, so that every Node.js and Bun run it as it is.
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'

let session
let job
let mode

const commands = {
  async open({ driver, target, case: benchCase, mode: benchMode }) {
    const { open, version } = await import(`./adapters/${driver}.mjs`)
    job = { ...benchCase, rows: rowsOf(benchCase) }
    mode = benchMode
    session = await open(target, mode, job)
    return { version }
  },
  async check() {
    const givesRows = job.kind === 'fetch' || job.kind === 'connect'
    const rows = givesRows ? await once(0) : await countAfterwards()
    return { digest: digestOf(rows), rows: rows.length }
  },
  async run({ ms }) {
    return measure(ms)
  },
}

function rowsOf({ row, count }) {
  return row === undefined ? [] : Array.from({ length: count }, () => [...row])
}

function parametersFor(n) {
  return job.parameters.map((spec) => ('value' in spec ? spec.value : (n % spec.cycleTo) + 1))
}

/** One piece of the work; gives its rows where it has some, else how many it wrote or read. */
function once(n, caller = 0) {
  switch (job.kind) {
    case 'fetch':
      return session.fetch(job.sql, parametersFor(n), caller)
    case 'copy':
      return session.copy(job, caller)
    case 'batch':
      return session.batch(job, caller)
    case 'bulk':
      return session.bulk(job, caller)
    case 'stream':
      return session.stream(job.sql)
    case 'connect':
      return session.connect(job.sql)
  }
}

/** What a case that gives no rows has done, as rows. */
async function countAfterwards() {
  const done = await once(0)
  if (job.kind === 'stream') return [[String(done)]]
  const columns = job.columns.map((column) => column.name).join(', ')
  return session.fetch(
    `select count(*)::int, ${columns} from ${job.table} group by ${columns}`,
    [],
    0,
  )
}

async function measure(ms) {
  const latencies = []
  let queries = 0
  let rows = 0
  const begin = performance.now()
  const cpu = process.cpuUsage()
  const end = begin + ms
  const loop = async (caller) => {
    do {
      const start = performance.now()
      const result = await once(queries++, caller)
      latencies.push(performance.now() - start)
      rows += typeof result === 'number' ? result : result.length
    } while (performance.now() < end)
  }
  await Promise.all(Array.from({ length: mode.callers }, (_, caller) => loop(caller)))
  const elapsed = performance.now() - begin
  const used = process.cpuUsage(cpu)
  const sorted = Float64Array.from(latencies).sort()
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return {
    queries: latencies.length,
    rows,
    ms: elapsed,
    cpuUs: (used.user + used.system) / latencies.length,
    p50: at(0.5),
    p99: at(0.99),
    rssMb: process.resourceUsage().maxRSS / 1024,
  }
}

/** The rows in a form that is the same for every driver: texts in arrays. */
function digestOf(rows) {
  const plain = rows.map((row) =>
    (Array.isArray(row) ? row : Object.values(row)).map((value, i) =>
      plainOf(
        job.jsonColumns?.includes(i) && typeof value === 'string' ? JSON.parse(value) : value,
      ),
    ),
  )
  return createHash('sha256').update(JSON.stringify(plain)).digest('hex').slice(0, 16)
}

function plainOf(value) {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return [...value].map(plainOf)
  if (typeof value === 'object') {
    const keys = Object.keys(value).sort()
    return keys.map((key) => [key, plainOf(value[key])])
  }
  return String(value)
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  let answer
  try {
    answer = await commands[command.do](command)
  } catch (error) {
    answer = { error: error?.message ?? String(error), code: error?.code }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
await session?.close().catch(() => {})
process.exit(0)
