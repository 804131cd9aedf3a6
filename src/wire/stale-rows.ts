import type { RowDecoder } from '../types/row-decoder.js'
import { isStaleType } from '../types/stale-type.js'
import type { Wire } from './request.js'
import { lookUpTypes } from './type-needs.js'

/** How often rows may tell of types that have to be looked up. */
const MAX_LOOKUPS = 8

/** More than that is not kept of rows that are handed on while they come, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024

/**
 * Rows that came when their types were no longer what the catalogue had said, or were told of by the
 * rows themselves, as those of records are. They are kept until the catalogue was read anew.
 */
export class StaleRows {
  readonly #bodies: Buffer[] = []
  #byteLength = 0
  /** Of the first of them. */
  readonly error: unknown

  private constructor(error: unknown) {
    this.error = error
  }

  /** Keeps the row, the body of a DataRow, that did not decode because of its type; undefined if `error` says another reason. */
  static of(error: unknown, buf: Buffer, start: number, end: number): StaleRows | undefined {
    if (!isStaleType(error)) return undefined
    const stale = new this(error)
    stale.add(buf, start, end)
    return stale
  }

  /** Keeps another row. */
  add(buf: Buffer, start: number, end: number): void {
    this.#bodies.push(Buffer.from(buf.subarray(start, end)))
    this.#byteLength += end - start
  }

  /** Whether so many were kept that it is better to give up. */
  get isFull(): boolean {
    return this.#byteLength > MAX_BYTES
  }

  /**
   * Reads the catalogue anew, before anything that is not written yet, and calls `use`, which is to
   * {@link decode} with what is known then. For a request whose ReadyForQuery has come. Rejects with what
   * `use` throws, or with the error of the row when there is nothing to read.
   *
   * @param typeOids of all that the statement has
   */
  async lookUp(
    wire: Wire,
    typeOids: readonly number[],
    use: () => void,
    rounds: number = MAX_LOOKUPS,
  ): Promise<void> {
    await this.#lookUpOnce(wire, typeOids)
    try {
      use()
    } catch (error) {
      // A record within a record tells of its types only when the outer one is known.
      const isProgress = isStaleType(error) && wire.session.catalogue.table.missed.length > 0
      if (!isProgress || rounds === 1) throw error
      const again = this.lookUp(wire, typeOids, use, rounds - 1)
      wire.wake()
      await again
    }
  }

  /** Decodes the rows. @throws what the decoder throws */
  decode<Row>(decodeRow: RowDecoder<Row>): Row[] {
    return this.#bodies.map((body) => decodeRow(body, 0, body.length))
  }

  #lookUpOnce(wire: Wire, typeOids: readonly number[]): Promise<void> {
    const { session } = wire
    const { missed } = session.catalogue.table
    // What was missed only adds to what is known; else what is known is wrong.
    if (missed.length === 0) session.catalogue.reload()
    const unknown = session.types.unknown([...typeOids, ...missed])
    if (unknown.length === 0) return Promise.reject(this.error)
    const { request, known } = lookUpTypes(unknown, session)
    wire.runAgain(request)
    return known
  }
}
