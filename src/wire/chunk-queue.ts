/** What a {@link ChunkQueue} stops and starts: the reading from the server. */
export interface Flow {
  pause(): void
  resume(): void
}

/** Chunks that may wait before reading stops; a chunk is what one read from the socket gave. */
const MAX_WAITING = 2

/**
 * Chunks on their way from a connection to one consumer. While the consumer does not keep up, the
 * server is not read, so that no more waits than a few chunks.
 *
 * It carries no error: after the last chunk the request's promise tells how it ended.
 */
export class ChunkQueue<T> {
  #chunks: T[] = []
  #flow: Flow | undefined
  #isOver = false
  #wake: ((chunk: T | undefined) => void) | undefined

  /** Sets what to stop while chunks wait, as soon as it is known. */
  set flow(flow: Flow) {
    this.#flow = flow
  }

  /** Whether nothing comes any more, be it that all was taken. */
  get isOver(): boolean {
    return this.#isOver
  }

  push(chunk: T): void {
    if (this.#isOver) return
    if (this.#wake !== undefined) {
      this.#give(chunk)
      return
    }
    this.#chunks.push(chunk)
    if (this.#chunks.length >= MAX_WAITING) this.#flow?.pause()
  }

  /** The next chunk if it is there already. */
  take(): T | undefined {
    const chunk = this.#chunks.shift()
    if (chunk !== undefined && this.#chunks.length === 0) this.#flow?.resume()
    return chunk
  }

  /** The next chunk, undefined after the last. To be called again only when it has settled. */
  next(): Promise<T | undefined> {
    const chunk = this.take()
    if (chunk !== undefined || this.#isOver) return Promise.resolve(chunk)
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** No chunk follows those that wait. */
  end(): void {
    this.#isOver = true
    if (this.#wake !== undefined) this.#give(undefined)
  }

  /** The consumer has left: what waits or comes is dropped, and reading goes on. */
  close(): void {
    this.#chunks = []
    this.end()
    this.#flow?.resume()
  }

  #give(chunk: T | undefined): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.(chunk)
  }
}
