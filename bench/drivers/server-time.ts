import { readdirSync, readFileSync } from 'node:fs'

/** Processor time so far of each process of a server, in nanoseconds, by its process ID. */
export type ServerTime = ReadonlyMap<string, number>

/** The time of the processes that a postmaster started; empty where the system does not tell. */
export function serverTime(postmaster: number): ServerTime {
  const times = new Map<string, number>()
  for (const pid of processes()) {
    try {
      // Behind the name, which may contain anything: state, then the parent.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(parent) !== postmaster) continue
      const [onCpu] = readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')
      times.set(pid, Number(onCpu))
    } catch {
      // It has ended meanwhile.
    }
  }
  return times
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** What the processes that were there all the while have used, in microseconds; undefined if there were none. */
export function usedBetween(before: ServerTime, after: ServerTime): number | undefined {
  const used = [...before].flatMap(([pid, time]) => {
    const now = after.get(pid)
    return now === undefined ? [] : [now - time]
  })
  return used.length === 0 ? undefined : used.reduce((sum, time) => sum + time, 0) / 1000
}
