import type { Any, QueryConfigValues } from './any.js'
import type { CustomTypesConfig } from './type-overrides.js'

/** What a callback of a query gets. */
export type QueryCallback = (error: Error | null, result?: never) => void

/** A query as an object. */
export interface QueryConfig<Values = Any[]> {
  /** A statement that is parsed once per connection under this name. */
  name?: string | undefined
  text: string
  values?: QueryConfigValues<Values> | undefined
  /** Parsers for this query alone; an array of OIDs is taken for the types of the parameters. */
  types?: CustomTypesConfig | undefined
  /** Rows are asked for in pages of so many. */
  rows?: number | undefined
  /** Says `extended` for a query without values that shall go by Parse, Bind and Execute. */
  queryMode?: string | undefined
  /** In ms. */
  query_timeout?: number | undefined
  /** Cancels the query; not in pg. */
  signal?: AbortSignal | undefined
}

/** A query whose rows come as arrays. */
export interface QueryArrayConfig<Values = Any[]> extends QueryConfig<Values> {
  rowMode: 'array'
}

/** All keys of a {@link QueryConfig} that are looked at, with those that types leave out. */
export interface NormalizedQueryConfig {
  text?: string
  values?: readonly unknown[]
  name?: string
  rows?: number
  types?: CustomTypesConfig
  queryMode?: string
  binary?: boolean
  portal?: string
  rowMode?: string
  query_timeout?: number
  signal?: AbortSignal
  callback?: QueryCallback
}

/** Puts the forms of arguments that a query takes into one object; that of the caller stays as it is. */
export function normalizeQueryConfig(
  config: unknown,
  values?: unknown,
  callback?: unknown,
): NormalizedQueryConfig {
  const normalized: Record<string, unknown> =
    typeof config === 'string' ? { text: config } : knownKeysOf(Object(config))
  if (typeof values === 'function') normalized['callback'] = values
  else if (values) normalized['values'] = values
  if (callback) normalized['callback'] = callback
  return normalized
}

/** A copy, key by key: a config may be an instance of a class with getters. */
function knownKeysOf(config: Record<string, unknown>): Record<string, unknown> {
  return {
    text: config['text'],
    values: config['values'],
    name: config['name'],
    rows: config['rows'],
    types: config['types'],
    queryMode: config['queryMode'],
    binary: config['binary'],
    portal: config['portal'],
    rowMode: config['rowMode'],
    query_timeout: config['query_timeout'],
    signal: config['signal'],
    callback: config['callback'],
  }
}
