import type { BackendKeyData, TransactionStatus } from '../protocol/messages.js'
import type { TypeMap } from '../types/type-map.js'
import type { StatementCache } from './statement-cache.js'

/** What the server told about a session, and what both sides remember of it. */
export class Session {
  /** The settings that the server reports, by name. */
  readonly parameters: Map<string, string> = new Map()
  readonly statements: StatementCache
  types: TypeMap
  transactionStatus: TransactionStatus = 'idle'
  key: BackendKeyData | undefined
  /** Of protocol 3: 0, or 2. */
  minorVersion = 0

  constructor(types: TypeMap, statements: StatementCache) {
    this.types = types
    this.statements = statements
  }
}
