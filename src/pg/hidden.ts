/** Sets a property that is there to be read and shows in no log. */
export function setHidden<T extends object>(object: T, name: string, value: unknown): T {
  const attributes = { value, configurable: true, enumerable: false, writable: true }
  return Object.defineProperty(object, name, attributes)
}

/** Options of TLS with their key hidden; a copy, since the object is the caller's. */
export function withHiddenKey<T>(ssl: T): T {
  if (typeof ssl !== 'object' || ssl === null || !('key' in ssl)) return ssl
  const { key, ...rest } = ssl
  return setHidden(rest, 'key', key) as T
}
