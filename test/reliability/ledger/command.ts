import { describeOptions, type OptionTable, parseOptions } from '../../../bench/support/options.js'
import { atLeast, runCommand } from '../command-line.js'
import { EXPECTED_SUM, isSound, runLedger } from './ledger.js'

const OPTIONS = {
  minutes: { type: 'string', value: 'N', doc: 'For how long faults strike. Default 1.' },
  seed: {
    type: 'string',
    value: 'N',
    doc: 'Strikes as the run that had printed it. Default: by chance.',
  },
  help: { type: 'boolean', doc: 'Prints this text.' },
} as const satisfies OptionTable

const HELP = `npm run ledger -- [OPTIONS]

Transfers between accounts, tried again until they are committed, while the server is killed and started
again, sessions are terminated, connections are cut, frozen and reset, and clients are killed. At the end
every commit that was acknowledged must be there, once, and the sums must hold.

${describeOptions(OPTIONS)}
`

await runCommand('ledger', async (args) => {
  const options = parseOptions(OPTIONS, args)
  if (options.help) {
    process.stdout.write(HELP)
    return true
  }
  const minutes = atLeast('--minutes', options.minutes ?? '1', 0)
  const seed = atLeast('--seed', options.seed ?? `${Math.floor(Math.random() * 2 ** 31)}`, 0)
  process.stdout.write(`seed ${seed}\n`)
  const result = await runLedger({
    ...{ durationMs: minutes * 60_000, seed, tellers: 8, clients: 2, pauseMs: 1_000 },
  })
  for (const defect of result.defects.slice(0, 20)) process.stdout.write(`  ${defect}\n`)
  process.stdout.write(
    `ledger: commits acknowledged ${result.acknowledged}, found ${result.found}; in doubt ${result.doubts}, ` +
      `of these committed ${result.resolved}; attempts that failed ${result.failures}; ` +
      `sum ${result.sum} of ${EXPECTED_SUM}, accounts wrong ${result.wrongAccounts}; ` +
      `faults survived ${result.faults} (${result.faultSummary}), clients killed ${result.clientsKilled}; ` +
      `defects ${result.defects.length}\n`,
  )
  return isSound(result)
})
