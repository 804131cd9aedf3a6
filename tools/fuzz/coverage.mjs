import { Session } from 'node:inspector'

/** Counts how often each block of the code under test runs, by V8's precise coverage. */
export class Coverage {
  #session = new Session()
  #isOurs

  /** @param {(url: string) => boolean} isOurs which scripts count */
  constructor(isOurs) {
    this.#isOurs = isOurs
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    this.take()
  }

  /** The blocks run since the last call, each with the magnitude of its count. */
  take() {
    const blocks = []
    for (const { url, scriptId, functions } of this.#post('Profiler.takePreciseCoverage').result) {
      if (!this.#isOurs(url)) continue
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) blocks.push(`${scriptId}:${startOffset}:${endOffset}:${Math.clz32(count)}`)
        }
      }
    }
    return blocks
  }

  /** Requests to one's own session are answered at once. */
  #post(method, parameters) {
    let answer
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw error
      answer = result
    })
    return answer
  }
}
