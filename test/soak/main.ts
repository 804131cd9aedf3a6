import { parseArgs } from 'node:util'
import { soakPoolModel } from './pool-model.js'

/** What can run for hours: resolves when `signal` is aborted, rejects when something does not hold. */
type Soak = (signal: AbortSignal) => Promise<string>

const SOAKS: Readonly<Record<string, Soak>> = { 'pool-model': soakPoolModel }

const HELP = `npm run soak -- [--minutes N] [NAMES]

Runs what needs long to find rare mistakes, N minutes each (default 5), until one is found.

names: ${Object.keys(SOAKS).join(', ')} (default all)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '5' }, help: { type: 'boolean', default: false } },
})
const minutes = Number(values.minutes)
const names = positionals.length === 0 ? Object.keys(SOAKS) : positionals
const unknown = names.find((name) => !Object.hasOwn(SOAKS, name))
if (values.help) {
  process.stdout.write(HELP)
} else if (!(minutes > 0) || unknown !== undefined) {
  process.stderr.write(`soak: ${unknown === undefined ? '--minutes' : unknown}?\n${HELP}`)
  process.exitCode = 2
} else {
  for (const name of names) {
    const summary = await SOAKS[name]?.(AbortSignal.timeout(minutes * 60_000))
    process.stdout.write(`${name}: ${summary}\n`)
  }
}
