/** The ways to prove who one is, under libpq's names. `none`: the server asks for no proof. */
export const AUTH_METHODS = [
  'password',
  'md5',
  'gss',
  'sspi',
  'scram-sha-256',
  'oauth',
  'none',
] as const

/** One of {@link AUTH_METHODS}. */
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** Which authentication methods the server may ask for. */
export interface RequireAuth {
  /** As it was written, for messages. */
  readonly text: string
  readonly allowed: readonly AuthMethod[]
  /** The methods were named, rather than what was left by naming others with `!`. */
  readonly named: boolean
}

/**
 * Reads libpq's `require_auth`: a comma-separated list of methods to allow, or of methods to refuse, each
 * of those behind a `!`. An empty text allows everything and gives undefined.
 *
 * @throws {SyntaxError} for an unknown or repeated method, or when both kinds are mixed.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html, "require_auth"
 */
export function parseRequireAuth(text: string): RequireAuth | undefined {
  if (text === '') return undefined
  const items = text.split(',')
  const negated = items[0]?.startsWith('!') === true
  const methods: AuthMethod[] = []
  for (const item of items) {
    if (item.startsWith('!') !== negated) {
      throw new SyntaxError('methods with and without "!" cannot be mixed')
    }
    const name = negated ? item.slice(1) : item
    const method = AUTH_METHODS.find((known) => known === name)
    if (method === undefined) {
      throw new SyntaxError(`${JSON.stringify(name)} is none of ${AUTH_METHODS.join(', ')}`)
    }
    if (methods.includes(method)) throw new SyntaxError(`"${method}" is named twice`)
    methods.push(method)
  }
  const allowed = negated ? AUTH_METHODS.filter((method) => !methods.includes(method)) : methods
  return Object.freeze({ text, allowed: Object.freeze(allowed), named: !negated })
}
