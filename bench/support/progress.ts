/** Where a progress line may go: a terminal, or anything else, where nothing is written. */
export interface ProgressStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const BAR_WIDTH = 24
const REDRAW_INTERVAL_MS = 80
const CLEAR_LINE = '\r\u001b[2K'

/** One line on a terminal that says how far the run is. Silent where the stream is no terminal. */
export class Progress {
  readonly #stream: ProgressStream
  readonly #now: () => number
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(stream: ProgressStream, now: () => number = () => performance.now()) {
    this.#stream = stream
    this.#now = now
  }

  /** Says what is under way and which share (0 to 1) of the run is done. */
  show(text: string, share: number): void {
    if (!this.#stream.isTTY) return
    const now = this.#now()
    if (now - this.#drawnAt < REDRAW_INTERVAL_MS) return
    this.#drawnAt = now
    const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH)
    const bar = '━'.repeat(filled) + '╌'.repeat(BAR_WIDTH - filled)
    const line = `${bar} ${text}`
    // A line that wraps cannot be cleared, so the terminal's last column stays free.
    this.#stream.write(CLEAR_LINE + line.slice(0, (this.#stream.columns || 80) - 1))
  }

  /** Takes the line away; the next `show` draws it anew. */
  clear(): void {
    if (!this.#stream.isTTY || this.#drawnAt === Number.NEGATIVE_INFINITY) return
    this.#drawnAt = Number.NEGATIVE_INFINITY
    this.#stream.write(CLEAR_LINE)
  }
}
