import { describeOptions, type OptionTable, parseOptions } from '../../../bench/support/options.js'
import { atLeast, runCommand } from '../command-line.js'
import { isSound, runFailover } from './failover.js'

const OPTIONS = {
  rounds: { type: 'string', value: 'N', doc: 'How often, each with a new cluster. Default 3.' },
  help: { type: 'boolean', doc: 'Prints this text.' },
} as const satisfies OptionTable

const HELP = `npm run failover -- [OPTIONS]

A primary and a standby that follows it synchronously, 20 writers and 20 readers on one pool. The primary
is killed and, half a second later, the standby promoted. Every write that was acknowledged must be
there, and none twice.

${describeOptions(OPTIONS)}
`

await runCommand('failover', async (args) => {
  const options = parseOptions(OPTIONS, args)
  if (options.help) {
    process.stdout.write(HELP)
    return true
  }
  const rounds = atLeast('--rounds', options.rounds ?? '3', 1)
  let holds = true
  for (let round = 1; round <= rounds; round++) {
    const result = await runFailover({ writers: 20, readers: 20, loadMs: 2_000, detectionMs: 500 })
    const { acknowledged, found, doubled, failedWrites, safeToRetry, doubtfulThere } = result
    const { doubtfulLost, writesResumedMs, outageMs, reads, failedReads } = result
    process.stdout.write(
      `failover: writes acknowledged ${acknowledged}, found ${found}, doubled ${doubled}; ` +
        `attempts that failed ${failedWrites}, of these safe to retry ${safeToRetry}, in doubt and there ` +
        `${doubtfulThere}, in doubt and lost ${doubtfulLost}; writes resumed ${writesResumedMs.toFixed(0)} ms after the ` +
        `order to promote, ${outageMs.toFixed(0)} ms after the kill; reads ${reads}, failed ${failedReads}, ` +
        `longest pause ${result.longestReadGapMs.toFixed(0)} ms; defects ${result.defects.length}\n`,
    )
    for (const defect of result.defects.slice(0, 20)) process.stdout.write(`  ${defect}\n`)
    holds &&= isSound(result)
  }
  return holds
})
