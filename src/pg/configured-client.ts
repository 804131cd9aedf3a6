import { EventEmitter } from 'node:events'
import type { Any } from './any.js'
import type { ClientConfig } from './client-config.js'
import { Connection } from './connection.js'
import { ConnectionParameters } from './connection-parameters.js'
import { defaults } from './defaults.js'
import { escapeIdentifier, escapeLiteral } from './escape.js'
import { setHidden } from './hidden.js'
import { nativeTypes } from './native-types.js'
import { TypeOverrides } from './type-overrides.js'
import type { TypeFormat, TypeParser } from './types.js'

/** What a client knows before it connects. */
export abstract class ConfiguredClient extends EventEmitter {
  connectionParameters: ConnectionParameters
  /** What it was made with, as far as it is no text. @internal */
  declare readonly config: ClientConfig
  user: string | undefined
  database: string | undefined
  port: number
  host: string
  /** Not enumerable, so that it shows in no log. */
  declare password: ConnectionParameters['password']
  replication: string | boolean | undefined
  connection: Connection
  ssl: unknown
  sslNegotiation: 'postgres' | 'direct'
  pipeline: boolean
  binary: boolean
  enableChannelBinding: boolean
  scramMaxIterations: number
  _types: TypeOverrides
  _Promise: PromiseConstructor
  /** @internal */
  readonly _connectTimeoutMs: number

  constructor(config?: string | ClientConfig | null) {
    super()
    const given: ClientConfig = typeof config === 'object' && config !== null ? config : {}
    // It may hold secrets.
    setHidden(this, 'config', given)
    const parameters = new ConnectionParameters(config)
    this.connectionParameters = parameters
    this.user = parameters.user
    this.database = parameters.database
    this.port = parameters.port
    this.host = parameters.host
    setHidden(this, 'password', parameters.password)
    this.replication = parameters.replication
    this.ssl = parameters.ssl || false
    this.sslNegotiation = parameters.sslnegotiation ?? 'postgres'
    this.pipeline = Boolean(given.pipeline)
    this.binary = false
    this.enableChannelBinding = Boolean(given.enableChannelBinding)
    this.scramMaxIterations = finiteNumber(given.scramMaxIterations) ?? 100_000
    this._types = new TypeOverrides(
      given.types ?? ((given.nativeTypes ?? defaults.nativeTypes) ? nativeTypes : undefined),
    )
    this._Promise = (given.Promise ?? Promise) as PromiseConstructor
    this._connectTimeoutMs = given.connectionTimeoutMillis ?? parameters.connect_timeout * 1000
    this.connection =
      given.connection ??
      new Connection({
        stream: given.stream,
        ssl: parameters.ssl,
        sslNegotiation: parameters.sslnegotiation,
        keepAlive: given.keepAlive ?? true,
        keepAliveInitialDelayMillis: given.keepAliveInitialDelayMillis ?? 0,
        encoding: parameters.client_encoding || 'utf8',
        statementCacheSize: given.statementCacheSize ?? defaults.statementCacheSize,
      })
  }

  setTypeParser(oid: number, parse: (value: string) => Any): void
  setTypeParser(oid: number, format: 'binary', parse: (value: Buffer) => Any): void
  setTypeParser(oid: number, format: TypeFormat, parse: (value: string) => Any): void
  setTypeParser(oid: number, format: TypeFormat | TypeParser, parse?: TypeParser): void {
    this._types.setTypeParser(oid, format as TypeFormat, parse as TypeParser)
  }

  getTypeParser(oid: number, format?: TypeFormat): TypeParser {
    return this._types.getTypeParser(oid, format)
  }

  escapeIdentifier(text: string): string {
    return escapeIdentifier(text)
  }

  escapeLiteral(text: string): string {
    return escapeLiteral(text)
  }

  ref(): void {
    this.connection.ref()
  }

  unref(): void {
    this.connection.unref()
  }
}

function finiteNumber(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}
