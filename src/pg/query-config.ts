import type { CustomTypesConfig } from './type-overrides.js'

/** What a callback of a query gets. */
export type QueryCallback = (error: Error | null, result?: never) => void

/** A query as an object. */
export interface QueryConfig<Values = readonly unknown[]> {
  /** A statement that is parsed once per connection under this name. */
  name?: string | undefined
  text: string
  values?: Values | undefined
  /** Parsers for this query alone; an array of OIDs is taken for the types of the parameters. */
  types?: CustomTypesConfig | undefined
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
  const normalized = (typeof config === 'string' ? { text: config } : copyOf(config)) as Record<
    string,
    unknown
  >
  if (typeof values === 'function') normalized['callback'] = values
  else if (values) normalized['values'] = values
  if (callback) normalized['callback'] = callback
  return normalized
}

/** A copy that has the prototype too: a config may be an instance of a class with getters. */
function copyOf(config: unknown): object {
  if (typeof config !== 'object' || config === null) return Object(config)
  return Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config))
}
