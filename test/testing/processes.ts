import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** The folder of an embedded server that has a socket. */
export function folderOf(server: { readonly socketDir: string | undefined }): string {
  if (server.socketDir === undefined) throw new Error('the server has no socket')
  return dirname(server.socketDir)
}

/** The pid of the postmaster in a server's folder. */
export function postmasterPid(folder: string): number {
  return Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
}

/** Whether a process exists; one that has ended but was not waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // Field 3 of /proc/PID/stat, behind the name in parentheses, is the state: Z for a zombie.
  // It may go between any two calls.
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return !existsSync('/proc/self/stat')
  }
}

/** Waits until a condition holds: false if it does not in time. */
export async function within(timeoutMs: number, condition: () => boolean): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) return false
    await delay(20)
  }
  return true
}
