import { readDataRow, readRowDescription } from '../../protocol/backend.js'
import { Backend, type FieldDescription } from '../../protocol/messages.js'
import { SimpleQueryRequest } from './simple-query.js'

/** A command in the simple protocol whose rows are kept, as text: for replication connections, which have no other. */
export class TextRowsRequest extends SimpleQueryRequest {
  /** The columns of the last statement that had some. */
  fields: readonly FieldDescription[] = []
  /** Its rows, in column order. */
  rows: (string | null)[][] = []

  override onMessage(code: number, buf: Buffer, start: number, end: number): void {
    super.onMessage(code, buf, start, end)
    if (code === Backend.RowDescription) {
      this.fields = readRowDescription(buf, start, end)
      this.rows = []
    } else if (code === Backend.DataRow) {
      const values = readDataRow(buf, start, end)
      this.rows.push(values.map((value) => (value === null ? null : value.toString())))
    }
  }
}
