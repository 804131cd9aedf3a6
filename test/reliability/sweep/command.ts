import {
  describeOptions,
  type OptionTable,
  parseOptions,
  UsageError,
} from '../../../bench/support/options.js'
import { connect } from '../../../src/index.js'
import { startPostgres } from '../../../src/testing/index.js'
import type { Cut } from '../../support/fault-proxy.js'
import { atLeast, runCommand } from '../command-line.js'
import { sluice } from './every-feature.js'
import { peerSubjects } from './peers.js'
import { type Subject, SWEEP_SCHEMA } from './subject.js'
import { Sweep, type SweepResult } from './sweep.js'
import { PROBLEM_KINDS, type ProblemKind } from './verdict.js'

const OPTIONS = {
  step: { type: 'string', value: 'BYTES', doc: 'Cuts behind every so many bytes. Default 1.' },
  minutes: {
    type: 'string',
    value: 'N',
    doc: 'Stops after that time, having cut all over. Default: none.',
  },
  cut: {
    type: 'string',
    value: 'KINDS',
    doc: 'reset, close, half-close, silence; taken in turn. Default the first three.',
  },
  tls: { type: 'boolean', doc: 'Cuts in the middle of TLS.' },
  peers: { type: 'boolean', doc: 'The same with pg and postgres.js (npm ci --prefix bench).' },
  verbose: { type: 'boolean', doc: 'Tells every problem, not the first 20.' },
  help: { type: 'boolean', doc: 'Prints this text.' },
} as const satisfies OptionTable

const CUTS: readonly Cut[] = ['reset', 'close', 'half-close', 'silence']

const HELP = `npm run sweep -- [OPTIONS]

Runs a fixed program that uses every feature through a proxy, and cuts its conversation with the server
at one byte after the other, in both directions, on each of its connections. Behind each cut every call
must have settled, with a right value or a right error; nothing may be left; the pool must work again.

${describeOptions(OPTIONS)}
`

/** For how long a call may hang where drivers are compared, in ms: for more than any takes. */
const PEER_DEADLINE_MS = 5_000

/** How often the command says how far it is, in ms. */
const PROGRESS_MS = 30_000

await runCommand('sweep', async (args) => {
  const options = parseOptions(OPTIONS, args)
  if (options.help) {
    process.stdout.write(HELP)
    return true
  }
  const step = atLeast('--step', options.step ?? '1', 1)
  const minutes = atLeast('--minutes', options.minutes ?? 'Infinity', 0)
  const cuts = cutsOf(options.cut ?? 'reset,close,half-close')
  const most = options.verbose ? Number.POSITIVE_INFINITY : 20
  let holds = true
  for (const subject of options.peers ? [sluice, ...(await peerSubjects())] : [sluice]) {
    await using server = await startPostgres()
    {
      await using admin = await connect(server.dsn())
      await admin.execute(SWEEP_SCHEMA)
    }
    const signal =
      minutes === Number.POSITIVE_INFINITY ? {} : { signal: AbortSignal.timeout(minutes * 60_000) }
    await using sweep = await Sweep.start(subject, server, {
      step,
      cuts,
      tls: options.tls,
      // Those who hang do so often.
      ...(options.peers && { deadlineMs: PEER_DEADLINE_MS }),
      ...signal,
    })
    const result = await sweep.run(progressOf(subject))
    for (const { kind, at, what } of result.problems.slice(0, most)) {
      process.stdout.write(`  ${kind}: ${at}: ${what}\n`)
    }
    process.stdout.write(`${subject.name}: ${summary(result)}\n`)
    if (subject === sluice) holds = result.problems.length === 0
  }
  return holds
})

function cutsOf(text: string): readonly Cut[] {
  return text.split(',').map((name) => {
    const cut = CUTS.find((known) => known === name)
    if (cut === undefined) throw new UsageError(`--cut: there is no "${name}"`)
    return cut
  })
}

function progressOf(subject: Subject): (result: SweepResult) => void {
  let nextMs = performance.now() + PROGRESS_MS
  return (result) => {
    if (performance.now() < nextMs) return
    nextMs += PROGRESS_MS
    process.stderr.write(
      `${subject.name}: ${result.cuts} cuts, ${result.problems.length} problems\n`,
    )
  }
}

function summary({
  cuts,
  conversation,
  calls,
  failed,
  safeToRetry,
  problems,
}: SweepResult): string {
  const bytes = conversation.reduce((sum, { toServer, toClient }) => sum + toServer + toClient, 0)
  const kinds = Object.keys(PROBLEM_KINDS) as ProblemKind[]
  const counts = kinds.map(
    (kind) => `${kind} ${problems.filter((each) => each.kind === kind).length}`,
  )
  return (
    `cuts tried ${cuts} in ${bytes} bytes on ${conversation.length} connections; ` +
    `calls ${calls}, failed ${failed}, of these safe to retry ${safeToRetry}; ${counts.join(', ')}`
  )
}
