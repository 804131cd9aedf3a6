import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** What a figure depends on besides the code: printed with every result. */
export interface Machine {
  readonly cpus: number
  readonly cpuModel: string
  readonly memoryGiB: number
  /** Of the last 1, 5 and 15 minutes, taken before the run. */
  readonly loadAverage: readonly number[]
  readonly platform: string
}

/** The facts of this machine, now. */
export function machineFacts(): Machine {
  return {
    cpus: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() || 'unknown processor',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
    platform: `${platform()} ${release()}`,
  }
}
