import type { ServerMessageFields } from '../../base/errors.js'
import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import { type CommandTag, parseCommandTag } from '../../protocol/command-tag.js'
import { writeQuery } from '../../protocol/frontend.js'
import { Backend } from '../../protocol/messages.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'
import { mayChangeSession, mayCopy, mayRedefine } from '../session-state.js'
import { copyRefused, endCopyIn } from './refused-copy.js'

/** What a command did. */
export interface CommandResult extends CommandTag {
  /** The whole command tag, such as `INSERT 0 5`; empty for an empty query. */
  readonly tag: string
}

/** A {@link CommandResult} from a command tag. */
export function commandResult(tag: string): CommandResult {
  return { ...parseCommandTag(tag), tag }
}

/**
 * Where the answer is: before its first statement, within one, behind one (another may follow), or
 * behind an error, which ends the script.
 */
type Progress = 'started' | 'rows' | 'copy-in' | 'copy-out' | 'completed' | 'failed'

/** A script of statements in the simple protocol. Its rows are passed over; its result is that of the last statement. */
export class SimpleQueryRequest extends PromiseRequest<CommandResult> {
  protected readonly queryText: string
  readonly #isBarrier: boolean
  readonly changesSession: boolean
  #progress: Progress = 'started'
  #wire: Wire | undefined
  #tag = ''

  constructor(text: string) {
    super()
    this.queryText = text
    this.#isBarrier = mayCopy(text) || mayRedefine(text)
    this.changesSession = mayChangeSession(text)
  }

  get exclusive(): boolean {
    return this.#isBarrier || (this.#wire?.session.hasDefined ?? false)
  }

  /** The text of the script. */
  get text(): string {
    return this.queryText
  }

  /** As for queries that can have some. */
  get parameterCount(): number {
    return 0
  }

  /** The command tag, once the answer has it; empty before, and where rows were left. */
  get tag(): string {
    return this.#tag
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'completed' || this.#progress === 'failed'
  }

  write(wire: Wire): void {
    this.#wire = wire
    writeQuery(wire.out, this.queryText)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    const progress = this.#progress
    const isBetween = progress === 'started' || progress === 'completed'
    switch (code) {
      case Backend.RowDescription:
        if (!isBetween) break
        this.#progress = 'rows'
        return
      case Backend.DataRow:
        if (progress !== 'rows') break
        return
      case Backend.CommandComplete:
        if (!isBetween && progress !== 'rows' && progress !== 'copy-out') break
        this.#tag = readCommandComplete(buf, start, end)
        this.#wire?.session.onCommand(this.#tag, this.queryText)
        this.#progress = 'completed'
        return
      case Backend.EmptyQueryResponse:
        if (!isBetween) break
        readEmpty(code, start, end)
        this.#tag = ''
        this.#progress = 'completed'
        return
      case Backend.CopyInResponse:
        if (!isBetween || !this.exclusive || this.#wire === undefined) break
        this.#progress = 'copy-in'
        this.fail(copyRefused())
        endCopyIn(this.#wire)
        return
      case Backend.CopyOutResponse:
        if (!isBetween || !this.exclusive || this.#wire === undefined) break
        this.#progress = 'copy-out'
        this.fail(copyRefused())
        return
      case Backend.CopyData:
      case Backend.CopyDone:
        if (progress !== 'copy-out') break
        return
    }
    throw unexpectedMessage(code, 'Query')
  }

  override onServerError(fields: ServerMessageFields): void {
    super.onServerError(fields)
    this.#progress = 'failed'
  }

  protected result(): CommandResult {
    return commandResult(this.#tag)
  }
}
