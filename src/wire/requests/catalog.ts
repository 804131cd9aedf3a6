import type { ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete } from '../../protocol/backend.js'
import { writeQuery } from '../../protocol/frontend.js'
import { Backend } from '../../protocol/messages.js'
import type { RowDecoder } from '../../types/row-decoder.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'

/**
 * A look into the catalogue: one statement in the simple protocol, which works in every mode of a
 * pooler and leaves no statement behind. Its rows come in text, and no option of the user touches them.
 */
export class CatalogRequest<Row> extends PromiseRequest<readonly Row[]> {
  readonly exclusive = false
  readonly changesSession = false
  protected readonly queryText: string
  readonly #decodeRow: RowDecoder<Row>
  readonly #rows: Row[] = []
  #isAnswered = false

  constructor(sql: string, decodeRow: RowDecoder<Row>) {
    super()
    this.queryText = sql
    this.#decodeRow = decodeRow
  }

  protected get isAnswered(): boolean {
    return this.#isAnswered
  }

  write({ out }: Wire): void {
    writeQuery(out, this.queryText)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    if (this.#isAnswered) throw unexpectedMessage(code, 'a look into the catalogue')
    switch (code) {
      case Backend.RowDescription:
        return
      case Backend.DataRow:
        this.#rows.push(this.#decodeRow(buf, start, end))
        return
      case Backend.CommandComplete:
        readCommandComplete(buf, start, end)
        this.#isAnswered = true
        return
      default:
        throw unexpectedMessage(code, 'a look into the catalogue')
    }
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#isAnswered = true
  }

  protected result(): readonly Row[] {
    return this.#rows
  }
}
