import { peers } from '../pool/peers.js'
import { textTable } from '../report/text-table.js'
import type { Benchmark } from '../support/benchmark.js'
import { machineFacts } from '../support/machine.js'
import { describeOptions, type OptionTable, parseOptions, UsageError } from '../support/options.js'
import { ownServer, targetOf } from '../support/own-server.js'
import { slowConnect } from '../support/slow-connect.js'
import { measureSize, type TuneResult } from './measure.js'

const OPTIONS = {
  rate: { type: 'string', value: 'R', doc: 'Requests a second. Default 200.' },
  hold: { type: 'string', value: 'MS', doc: 'How long each keeps its connection. Default 5.' },
  connect: { type: 'string', value: 'MS', doc: 'How long connecting takes. Default 0.' },
  bound: { type: 'string', value: 'MS', doc: 'What 99 of 100 may wait at most. Default 10.' },
  seconds: { type: 'string', value: 'S', doc: 'How long each size is tried. Default 5.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const HELP = `npm run bench -- tune [OPTIONS]

Finds the smallest pool with which requests that arrive at random wait no longer than a bound for
their connection, in 99 of 100 cases, on a server of its own.

${describeOptions(OPTIONS)}
`

/** No pool beyond this is tried. */
const LARGEST = 100

/** `npm run bench -- tune`. */
export const tune: Benchmark = {
  help: HELP,
  async run(args, { stdout, signal }) {
    const options = parseOptions(OPTIONS, args)
    const rate = positive('rate', options.rate, 200)
    const holdMs = positive('hold', options.hold, 5)
    const connectMs = positive('connect', options.connect, 0)
    const bound = positive('bound', options.bound, 10)
    const durationMs = positive('seconds', options.seconds, 5) * 1000
    const [sluice] = peers(false)
    if (sluice === undefined) return
    await using server = await ownServer()
    const proxy = await slowConnect(server.port, connectMs)
    const target = { ...targetOf(server), port: proxy.port }
    const inUse = (rate * holdMs) / 1000
    const tried: TuneResult[] = []
    try {
      // Below what is in use on average every queue grows without end.
      for (let size = Math.max(1, Math.floor(inUse)); size <= LARGEST; size += step(size)) {
        signal.throwIfAborted()
        const result = await measureSize(sluice, target, size, { rate, holdMs, durationMs })
        tried.push(result)
        if (result.p99 <= bound) break
      }
    } finally {
      await proxy.close()
    }
    stdout.write(
      textTable(
        [
          { heading: 'size', align: 'right' },
          { heading: 'p99 wait', align: 'right' },
          { heading: 'in use', align: 'right' },
        ],
        tried.map(({ size, p99, utilisation }) => [
          `${size}`,
          `${p99.toFixed(1)} ms`,
          `${(100 * utilisation).toFixed(0)} %`,
        ]),
      ),
    )
    stdout.write(`\n${advice(tried.at(-1), { rate, holdMs, connectMs, bound, inUse })}\n`)
  },
}

interface Situation {
  readonly rate: number
  readonly holdMs: number
  readonly connectMs: number
  readonly bound: number
  readonly inUse: number
}

function advice(last: TuneResult | undefined, situation: Situation): string {
  const { rate, holdMs, connectMs, bound, inUse } = situation
  const cores = machineFacts().cpus
  const little =
    `Little's law: ${rate} requests/s × ${holdMs} ms = ${inUse.toFixed(1)} connections in use on average; ` +
    'what is beyond that takes up the chance in the arrivals.'
  const hikari = `Rule of thumb for the whole server: cores × 2 + disks = ${cores * 2 + 1} (${cores} cores, one disk).`
  if (last === undefined || last.p99 > bound) {
    return `${little}\nNo pool of up to ${LARGEST} keeps the bound of ${bound} ms: the server is saturated. ${hikari}`
  }
  const warm =
    connectMs > bound
      ? `Connecting takes ${connectMs} ms, longer than the bound: open them all beforehand (minSize ${last.size}).`
      : `Connecting takes ${connectMs} ms, within the bound: minSize may be less than maxSize.`
  return [
    `maxSize ${last.size} keeps 99 of 100 waits within ${bound} ms (${last.p99.toFixed(1)} ms).`,
    little,
    warm,
    hikari,
  ].join('\n')
}

function step(size: number): number {
  return Math.max(1, Math.floor(size / 4))
}

function positive(name: string, text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault
  const value = Number(text)
  if (!(value >= 0) || (value === 0 && name !== 'connect')) {
    throw new UsageError(`--${name} must be a positive number, not "${text}"`)
  }
  return value
}
