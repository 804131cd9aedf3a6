import { ProtocolError } from '../base/errors.js'
import type { QueryListener } from '../base/telemetry.js'
import type { BackendKeyData, TransactionStatus } from '../protocol/messages.js'
import { SessionTypes } from '../types/session-types.js'
import type { TypeCatalogue } from '../types/type-catalogue.js'
import type { TypeMap } from '../types/type-map.js'
import type { StatementCache } from './statement-cache.js'
import { DescriptionCache, type StatementDescription } from './statement-description.js'

/** What the server told about a session, and what both sides remember of it. */
export class Session {
  /** The settings that the server reports, by name. */
  readonly parameters: Map<string, string> = new Map()
  readonly statements: StatementCache
  /** What the session knows of types. */
  readonly catalogue: SessionTypes
  transactionStatus: TransactionStatus = 'idle'
  key: BackendKeyData | undefined
  /** Of protocol 3: 0, or 2. */
  minorVersion = 0
  /** Whether something was sent that may have changed what the session keeps beyond its transactions. Whoever undoes that resets it. */
  hasChanged = false
  /** The deadline of queries that have none of their own, in ms; 0 for none. */
  queryTimeoutMs = 0
  /** Told of each query, besides the subscribers of the channels. */
  onQuery: QueryListener | undefined
  /** Whether the server takes replication commands, and so the simple protocol alone. */
  isReplication = false
  /** What is known of statements; shared by the connections of a pool. */
  readonly descriptions: DescriptionCache
  /** Whether the open transaction has changed what statements mean, so that to roll it back does so again. */
  #hasDefined = false
  /** Whether search_path was set, so that any SET or RESET may set it again. */
  #hasSetPath = false

  /** @param types of the database; shared by the connections of a pool */
  constructor(
    types: TypeCatalogue,
    statements: StatementCache,
    descriptions: DescriptionCache = new DescriptionCache(),
  ) {
    this.catalogue = new SessionTypes(types)
    this.statements = statements
    this.descriptions = descriptions
    if (descriptions.isBehindPooler) statements.onPooler()
  }

  /** What is known of a statement that the server has not been told of. */
  descriptionOf(text: string): StatementDescription | undefined {
    return this.statements.mode === 'unnamed' ? undefined : this.descriptions.get(text)
  }

  /** A name was not there, or there already, so this is a pooler. */
  onPooler(): void {
    this.descriptions.isBehindPooler = true
    this.statements.onPooler()
  }

  /** Whether statements are prepared. */
  get usesStatements(): boolean {
    return this.statements.mode !== 'simple'
  }

  /** The codecs of all types, as they are now. */
  get types(): TypeMap {
    return this.catalogue.map
  }

  /** The major version of the server; 0 when it has not told. */
  get serverMajor(): number {
    return Number.parseInt(this.parameters.get('server_version') ?? '0', 10)
  }

  /** Whether the open transaction has changed what statements mean, so that its end may do so again. */
  get hasDefined(): boolean {
    return this.#hasDefined
  }

  /** The server has answered all that was sent, up to some Sync. */
  onReady(status: TransactionStatus): void {
    this.transactionStatus = status
    if (status !== 'idle') return
    this.#hasDefined = false
    this.catalogue.onTransactionEnd()
  }

  /** The server reports a setting. */
  onParameter(name: string, value: string): void {
    if (name === 'client_encoding' && value !== 'UTF8') {
      throw new ProtocolError(`client_encoding became ${value}; only UTF8 can be read`)
    }
    this.parameters.set(name, value)
    if (name === 'search_path') this.forgetStatements()
  }

  /**
   * Follows a command that may have changed what the statements of the session mean, or dropped them.
   * @param text of the query that the command was in
   */
  onCommand(tag: string, text: string): void {
    this.catalogue.onCommand(tag)
    switch (effectOf(tag)) {
      case 'defines':
        this.#hasDefined = true
        this.forgetStatements()
        return
      case 'forgets':
        this.forgetStatements()
        return
      case 'rolls-back':
        if (this.#hasDefined) this.forgetStatements()
        return
      case 'sets':
        // Servers before 18 do not report it.
        if (SEARCH_PATH.test(text)) this.#hasSetPath = true
        else if (!this.#hasSetPath) return
        this.forgetStatements()
    }
  }

  /** Has every statement prepared anew when it is used next. */
  forgetStatements(): void {
    this.statements.clear()
    this.descriptions.clear()
  }
}

/** What a command does to prepared statements. */
type CommandEffect = 'defines' | 'forgets' | 'rolls-back' | 'sets' | 'nothing'

const SEARCH_PATH = /\bsearch_path\b/i

function effectOf(tag: string): CommandEffect {
  // Most commands are told apart by their first letters; this runs once for each.
  switch (tag.charCodeAt(0)) {
    case 0x41: // A
      return tag.startsWith('ALTER ') ? 'defines' : 'nothing'
    case 0x43: // C
      return tag.startsWith('CREATE ') ? 'defines' : 'nothing'
    case 0x44: // D
      if (tag.startsWith('DROP ')) return 'defines'
      return tag === 'DISCARD ALL' || tag.startsWith('DEALLOCATE') ? 'forgets' : 'nothing'
    case 0x52: // R
      if (tag === 'ROLLBACK') return 'rolls-back'
      return tag === 'RESET' ? 'sets' : 'nothing'
    case 0x53: // S
      return tag === 'SET' ? 'sets' : 'nothing'
    default:
      return 'nothing'
  }
}
