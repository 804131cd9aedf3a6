/** sluice with a pool whose connections are shared by queries that do not wait for each other. */
import { open as openSluice } from './sluice.mjs'

export { version } from './sluice.mjs'

export async function open(target, mode, job) {
  if (!mode.pool) throw new Error('it is sluice where there is no pool')
  return openSluice(target, mode, job, { pipelining: true })
}
