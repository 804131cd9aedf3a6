import { lookup } from 'node:dns'
import { isIP } from 'node:net'

/** Gives `host` back if it is an address itself, which needs no looking up. */
export function knownAddress(host: string): string | undefined {
  return isIP(host) === 0 ? undefined : host
}

/**
 * Gives all addresses of a host name, in the order of the system's resolver.
 *
 * The system's resolver cannot be interrupted: after an abort it goes on unheard.
 *
 * Rejects with Node's error, or with `signal.reason`.
 */
export function lookUpAddresses(host: string, signal: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort)
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      signal.removeEventListener('abort', onAbort)
      if (error !== null) reject(error)
      // A resolver may name an address once for each of several services.
      else resolve([...new Set(found.map(({ address }) => address))])
    })
  })
}
