import { parseArgs } from 'node:util'
import { soakLoad } from './load/load.js'
import { soakPoolModel } from './pool-model.js'
import type { Soak } from './soak.js'

const SOAKS: Readonly<Record<string, Soak>> = { 'pool-model': soakPoolModel, load: soakLoad }

const HELP = `npm run soak -- [--minutes N] [--out FILE] [NAMES]

Runs what needs long to find rare mistakes, N minutes each (default 5), until one is found.

pool-model: the pool against random events on a clock of its own, with ever new seeds.
load: 200 callers, a mix of all operations, and faults of server, sessions and network; memory and
  handles must stay flat and every error must have a fault. --out names a file for a picture of it (SVG).

names: ${Object.keys(SOAKS).join(', ')} (default all)
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '5' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
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
    const summary = await SOAKS[name]?.(AbortSignal.timeout(minutes * 60_000), values.out)
    process.stdout.write(`${name}: ${summary}\n`)
  }
}
