import { readCommandComplete } from '../../protocol/backend.js'
import { writeQuery } from '../../protocol/frontend.js'
import { MessageReader } from '../../protocol/message-reader.js'
import { Backend } from '../../protocol/messages.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'

/** A query in the simple protocol for one text, such as `SHOW server_version`; a NULL or no row gives an empty one. */
export class SettingRequest extends PromiseRequest<string> {
  readonly exclusive = true
  readonly changesSession = false
  protected readonly queryText: string
  #value = ''
  #isAnswered = false

  constructor(text: string) {
    super()
    this.queryText = text
  }

  write(wire: Wire): void {
    writeQuery(wire.out, this.queryText)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    switch (code) {
      case Backend.RowDescription:
        return
      case Backend.DataRow:
        this.#value = readFirstValue(buf, start, end)
        return
      case Backend.CommandComplete:
        readCommandComplete(buf, start, end)
        this.#isAnswered = true
        return
      default:
        throw unexpectedMessage(code, 'a query for a setting')
    }
  }

  protected get isAnswered(): boolean {
    return this.#isAnswered || this.failed
  }

  protected result(): string {
    return this.#value
  }
}

function readFirstValue(buf: Buffer, start: number, end: number): string {
  const reader = new MessageReader('DataRow', buf, start, end)
  if (reader.uint16() === 0) return ''
  const length = reader.int32()
  return length < 0 ? '' : reader.bytes(length).toString()
}
