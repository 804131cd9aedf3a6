import { ChunkQueue } from '../wire/chunk-queue.js'

/** A request whose rows come while it runs. */
export interface RowSource<Row> {
  readonly chunks: ChunkQueue<Row[]>
  /** Settles behind the last chunk. */
  readonly promise: Promise<unknown>
  /** Nobody wants the rows any more. */
  leave(): void
}

/**
 * Rows as they come from the server. They may be iterated one by one or, faster, in the chunks that
 * they come in; either leaves the server waiting while its user does not ask for more, and gives up
 * what is left when the loop is left early.
 */
export class RowReader<Row> implements AsyncIterableIterator<Row> {
  readonly #open: () => RowSource<Row>
  #source: RowSource<Row> | undefined
  #rows: Row[] = []
  #at = 0
  /** The wait for a chunk that is under way. */
  #pull: Promise<boolean> | undefined

  /** @param open submits the request; called when the first row is asked for. */
  constructor(open: () => RowSource<Row>) {
    this.#open = open
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Row, undefined>> {
    if (this.#at < this.#rows.length) {
      return Promise.resolve({ value: this.#rows[this.#at++] as Row, done: false })
    }
    return this.#nextOfChunk()
  }

  /** Gives up the rows that are left. */
  async return(): Promise<IteratorResult<Row, undefined>> {
    this.#close()
    return { value: undefined, done: true }
  }

  /** The rows in arrays as they come, some hundred or thousand each. */
  async *chunks(): AsyncGenerator<Row[], void> {
    try {
      for (;;) {
        if (this.#at >= this.#rows.length && !(await this.#more())) return
        const rows = this.#at === 0 ? this.#rows : this.#rows.slice(this.#at)
        this.#rows = []
        this.#at = 0
        yield rows
      }
    } finally {
      this.#close()
    }
  }

  async #nextOfChunk(): Promise<IteratorResult<Row, undefined>> {
    while (this.#at >= this.#rows.length) {
      if (!(await this.#more())) return { value: undefined, done: true }
    }
    return { value: this.#rows[this.#at++] as Row, done: false }
  }

  /** Waits for the next chunk, together with all who ask meanwhile. False: there is none. */
  #more(): Promise<boolean> {
    this.#pull ??= this.#takeChunk()
    return this.#pull
  }

  async #takeChunk(): Promise<boolean> {
    this.#source ??= this.#open()
    const source = this.#source
    try {
      const rows = await source.chunks.next()
      this.#rows = rows ?? []
      this.#at = 0
      // Who has left wants no error either.
      if (rows === undefined && source === this.#source) await source.promise
      return rows !== undefined
    } finally {
      this.#pull = undefined
    }
  }

  #close(): void {
    this.#rows = []
    this.#at = 0
    this.#source?.leave()
    this.#source = noRows()
  }
}

function noRows<Row>(): RowSource<Row> {
  const chunks = new ChunkQueue<Row[]>()
  chunks.end()
  return { chunks, promise: Promise.resolve(), leave() {} }
}
