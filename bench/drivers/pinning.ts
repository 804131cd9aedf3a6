import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Binds a postmaster, and the server processes that it starts from now on, to the first processor. */
export function pinServer(pid: number): void {
  setAffinity('0', pid)
}

/** Lets a postmaster and its future processes use every processor again. */
export function unpinServer(pid: number): void {
  setAffinity(`0-${availableParallelism() - 1}`, pid)
}

function setAffinity(processors: string, pid: number): void {
  const { status, stderr, error } = spawnSync('taskset', ['-acp', processors, String(pid)])
  if (status === 0) return
  throw new Error(
    `cannot bind the server to a processor: ${error?.message ?? String(stderr).trim()}`,
  )
}
