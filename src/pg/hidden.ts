import { inspect } from 'node:util'

/** Sets a property that is there to be read and shows in no log. */
export function setHidden<T extends object>(object: T, name: PropertyKey, value: unknown): T {
  const attributes = { value, configurable: true, enumerable: false, writable: true }
  return Object.defineProperty(object, name, attributes)
}

/** Has an object show in logs without a property, which whoever copies the object copies all the same. */
export function showWithout<T extends object>(object: T, name: string): T {
  const shown = (): object => Object.fromEntries(Object.entries(object).filter(([k]) => k !== name))
  setHidden(object, inspect.custom, shown)
  return setHidden(object, 'toJSON', shown)
}

/** Options of TLS that are secret, or hold what is. */
const TLS_SECRETS = ['key', 'passphrase', 'pfx']

/** Options of TLS with their secrets hidden; a copy, since the object is the caller's. */
export function withHiddenSecrets<T>(ssl: T): T {
  if (typeof ssl !== 'object' || ssl === null) return ssl
  const given = ssl as Record<string, unknown>
  const secrets = TLS_SECRETS.filter((name) => name in given)
  if (secrets.length === 0) return ssl
  const copy = { ...given }
  for (const name of secrets) setHidden(copy, name, given[name])
  return copy as T
}

/** What {@link withHiddenSecrets} has hidden, to be handed to Node.js, which copies options. */
export function hiddenSecrets(ssl: object): object {
  const given = ssl as Record<string, unknown>
  const secrets = TLS_SECRETS.filter((name) => given[name] !== undefined)
  return Object.fromEntries(secrets.map((name) => [name, given[name]]))
}
