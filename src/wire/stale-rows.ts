import type { RowDecoder } from '../types/row-decoder.js'
import type { Wire } from './request.js'
import type { StatementDescription } from './statement-description.js'
import { lookUpTypes } from './type-needs.js'

/**
 * Rows that came when their types were no longer what the catalogue had said, or were told of by the
 * rows themselves, as those of records are. They are kept until the catalogue was read anew.
 */
export class StaleRows {
  readonly #bodies: Buffer[] = []
  /** Of the first of them. */
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }

  /** Keeps a row: the body of a DataRow. */
  add(buf: Buffer, start: number, end: number): void {
    this.#bodies.push(Buffer.from(buf.subarray(start, end)))
  }

  /**
   * Reads the catalogue anew, before anything that is not written yet. For a request whose ReadyForQuery
   * has come. Rejects with the error of the row when there is nothing to read.
   */
  lookUp(wire: Wire, { typeOids }: StatementDescription): Promise<void> {
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

  /** Decodes the rows. @throws what the decoder throws */
  decode(decodeRow: RowDecoder<unknown>): unknown[] {
    return this.#bodies.map((body) => decodeRow(body, 0, body.length))
  }
}
