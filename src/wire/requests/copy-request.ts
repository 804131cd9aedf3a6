import { readCommandComplete, readEmpty } from '../../protocol/backend.js'
import { Backend } from '../../protocol/messages.js'
import { PromiseRequest, type Request, type Wire } from '../request.js'
import type { Session } from '../session.js'
import type { CopyCommand } from './copy-command.js'
import { type CommandResult, commandResult } from './simple-query.js'

/**
 * What COPY in both directions has in common: a command that may depend on others, and the messages
 * around the data.
 *
 * `Progress` is what the server has to send next, or what it waits for; behind an error nothing but
 * ReadyForQuery.
 */
export abstract class CopyRequest<Progress extends string> extends PromiseRequest<CommandResult> {
  readonly exclusive = true
  readonly changesSession = false
  protected queryText: string | undefined
  protected progress: Progress | 'parsing' | 'binding' | 'executing' | 'answered' = 'parsing'
  protected wire: Wire | undefined
  readonly #command: CopyCommand
  #session: Session | undefined
  #tag = ''

  constructor(command: CopyCommand) {
    super()
    this.#command = command
  }

  protected get isAnswered(): boolean {
    return this.progress === 'answered'
  }

  override get waitsFor(): Request | undefined {
    return this.#command.waitsFor
  }

  override prerequisite(wire: Wire): Request | undefined {
    this.#session = wire.session
    return this.#command.prerequisite(wire)
  }

  /** Whether a transaction is open, which would fail if this, or what goes ahead of it, were cancelled. */
  protected get isInTransaction(): boolean {
    return (this.#session?.transactionStatus ?? 'idle') !== 'idle'
  }

  override isWritable(): boolean {
    return this.#command.isWritable()
  }

  write(wire: Wire): void {
    this.wire = wire
    this.queryText = this.#command.write(wire)
  }

  /** Takes the messages before the data, and the one behind them when the server is `done`. Gives false for any other. */
  protected onFrame(
    code: number,
    buf: Buffer,
    start: number,
    end: number,
    done: Progress,
  ): boolean {
    const { progress } = this
    if (code === Backend.ParseComplete && progress === 'parsing') {
      readEmpty(code, start, end)
      this.progress = 'binding'
    } else if (code === Backend.BindComplete && progress === 'binding') {
      readEmpty(code, start, end)
      this.progress = 'executing'
    } else if (code === Backend.CommandComplete && progress === done) {
      this.#tag = readCommandComplete(buf, start, end)
      this.progress = 'answered'
    } else {
      return false
    }
    return true
  }

  protected result(): CommandResult {
    return commandResult(this.#tag)
  }
}
