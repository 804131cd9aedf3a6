/** Where rows come from while they are read: a request that runs, or a portal. */
export interface RowSource<Row> {
  /** `next` gives the rows that come next, undefined behind the last. */
  readonly chunks: { next(): Promise<Row[] | undefined> }
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
      return Promise.resolve({ value: this.#take(), done: false })
    }
    return this.#nextOfChunk()
  }

  /** Whether {@link next} has a row without waiting for the server. */
  get hasRow(): boolean {
    return this.#at < this.#rows.length
  }

  /** Gives up the rows that are left. */
  async return(): Promise<IteratorResult<Row, undefined>> {
    this.#close()
    return { value: undefined, done: true }
  }

  /** The rows that come next, all that are there; undefined behind the last. */
  async nextChunk(): Promise<Row[] | undefined> {
    if (!this.hasRow && !(await this.#more())) return undefined
    const rows = this.#at === 0 ? this.#rows : this.#rows.slice(this.#at)
    this.#rows = []
    this.#at = 0
    return rows
  }

  /** The rows in arrays as they come, some hundred or thousand each. */
  async *chunks(): AsyncGenerator<Row[], void> {
    try {
      for (;;) {
        const rows = await this.nextChunk()
        if (rows === undefined) return
        yield rows
      }
    } finally {
      this.#close()
    }
  }

  /** A chunk is let go with its last row: V8 would carry it along while the next is decoded. */
  #take(): Row {
    const row = this.#rows[this.#at++] as Row
    if (this.#at === this.#rows.length) {
      this.#rows = []
      this.#at = 0
    }
    return row
  }

  async #nextOfChunk(): Promise<IteratorResult<Row, undefined>> {
    while (this.#at >= this.#rows.length) {
      if (!(await this.#more())) return { value: undefined, done: true }
    }
    return { value: this.#take(), done: false }
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
  return {
    chunks: { next: () => Promise.resolve(undefined) },
    promise: Promise.resolve(),
    leave() {},
  }
}
