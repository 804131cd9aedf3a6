/**
 * Coverage-guided fuzzing: `npm run fuzz -- --minutes 10 [--target codecs] [--seed 1]`
 *
 * Each target gets its share of the time. Inputs are changed copies of those known; one that reaches a block
 * of code more often, or for the first time, joins them. The first inputs are those of
 * test/fixtures/corpus/<target>. What a target lets out, or an input that takes longer than a second, is a
 * finding: it is written to fuzz-findings/ and the run fails.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Coverage } from './coverage.mjs'
import { generator, mutate } from './mutation.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const TARGETS = ['protocol', 'authentication', 'codecs', 'connection-string']
/** Reading the coverage costs as much as some hundred inputs. */
const BATCH = 200
const SLOW_MS = 1_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true, default: TARGETS },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const unknown = values.target.find((name) => !TARGETS.includes(name))
if (!(minutes > 0) || !Number.isInteger(seed) || unknown !== undefined) {
  console.error(`usage: --minutes <above 0> --seed <integer> --target <${TARGETS.join(' | ')}>`)
  process.exit(2)
}

/** Runs one target until `endsAt` and gives its findings. */
async function run(target, endsAt) {
  const { fuzz } = await import(`./targets/${target}.mjs`)
  const folder = join(root, 'test/fixtures/corpus', target)
  const corpus = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  const coverage = new Coverage((url) => url.startsWith(pathToFileURL(join(root, 'build')).href))
  const random = generator(seed)
  const known = new Set()
  const findings = new Map()
  let count = 0

  const execute = async (input) => {
    count += 1
    const startedAt = performance.now()
    try {
      await fuzz(Buffer.from(input))
      if (performance.now() - startedAt < SLOW_MS) return
      throw new Error(`takes ${Math.round(performance.now() - startedAt)} ms`)
    } catch (error) {
      const trace = String(error?.stack ?? error)
      const place = trace.split('\n').find((line) => line.includes('/build/')) ?? trace
      if (!findings.has(place)) findings.set(place, { input, trace })
    }
  }
  const isNew = () => {
    const before = known.size
    for (const block of coverage.take()) known.add(block)
    return known.size > before
  }

  for (const input of corpus) await execute(input)
  isNew()
  while (Date.now() < endsAt) {
    const batch = Array.from({ length: BATCH }, () =>
      mutate(corpus[random(corpus.length)], corpus[random(corpus.length)], random),
    )
    for (const input of batch) await execute(input)
    // Counts of a batch say less than those of an input: only blocks never seen before matter here.
    if (!coverage.take().some((block) => !known.has(block))) continue
    for (const input of batch) {
      await execute(input)
      if (isNew()) corpus.push(input)
    }
  }
  console.log(
    `${target}: ${count} inputs, ${known.size} blocks, ${corpus.length} kept, ${findings.size} findings`,
  )
  return [...findings.values()]
}

console.log(`seed ${seed}`)
let found = 0
for (const target of values.target) {
  const endsAt = Date.now() + (minutes * 60_000) / values.target.length
  for (const { input, trace } of await run(target, endsAt)) {
    found += 1
    const name = `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`
    mkdirSync(join(root, 'fuzz-findings'), { recursive: true })
    writeFileSync(join(root, 'fuzz-findings', name), input)
    console.error(`\nfuzz-findings/${name}\n${trace}`)
  }
}
process.exitCode = found === 0 ? 0 : 1
