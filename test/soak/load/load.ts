import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from '../../../src/index.js'
import { startPostgres } from '../../../src/testing/index.js'
import { FaultInjector } from '../../reliability/fault-injector.js'
import { FaultProxy } from '../../support/fault-proxy.js'
import { Chance } from '../../unit/pool/chance.js'
import type { Soak } from '../soak.js'
import { soakChart } from './chart.js'
import { isExplained, judgeGrowth, LoadLog } from './load-log.js'
import type { LoadMessage, LoadOptions } from './messages.js'
import { LOAD_SCHEMA } from './operations.js'

const CALLERS = 200
/** Between two faults, on average, in ms. */
const PAUSE_MS = 6_000
/** The last faults are to be got over before the callers stop. */
const CALM_MS = 10_000

/**
 * 200 callers do all there is, through a pool of 20 connections in a process of its own, while server,
 * sessions and network are struck by faults. Writes the course of it as a picture to `out`.
 *
 * @throws {Error} if a call failed without a fault or never settled, if memory or handles grow, or
 * if something is left at the end.
 */
export const soakLoad: Soak = async (signal, out) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  await using server = await startPostgres({ settings: { max_connections: 100 } })
  {
    await using admin = await connect(server.adminDsn)
    await admin.execute(LOAD_SCHEMA)
  }
  await using proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port })
  const dsn = new URL(server.adminDsn)
  dsn.host = `127.0.0.1:${proxy.port}`
  dsn.searchParams.set('sslmode', 'disable')

  const log = new LoadLog()
  const client = startClient({ dsn: dsn.href, callers: CALLERS, seed }, log)
  const faults = new FaultInjector(server, proxy, new Chance(seed))
  await faults.strikeUntil(signal, PAUSE_MS)
  await new Promise((resolve) => setTimeout(resolve, CALM_MS))
  client.send('stop')
  await once(client, 'exit')

  if (out !== undefined) await writeFile(out, soakChart(log, faults.events))
  const unexplained = log.failures.filter((failure) => !isExplained(failure, faults.events))
  const problems = [
    ...unexplained.map(({ call, what }) => `${call} failed without a fault: ${what}`),
    ...log.hung.map((call) => `${call} never settled`),
    ...log.uncaught.map((what) => `nobody caught ${what}`),
    ...judgeGrowth(log.samples),
    ...(log.report === undefined ? ['the process of the callers ended early'] : log.report.left),
  ]
  const text = `${log.table()}\nfaults: ${faults.summary()}; seed ${seed}\n`
  if (problems.length > 0) {
    throw new Error(`${text}${problems.length} problems:\n${problems.slice(0, 20).join('\n')}`)
  }
  return `${faults.events.length} faults survived, no error without one, nothing left\n${text}`
}

function startClient(options: LoadOptions, log: LoadLog): ChildProcess {
  const client = fork(new URL('./client.ts', import.meta.url), {
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  client.on('message', (message: LoadMessage) => log.take(message))
  client.send(options)
  return client
}
