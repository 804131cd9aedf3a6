import type { Encryption } from '../config/hosts.js'
import type { TlsConfig } from '../config/resolve-tls.js'

/** Where to connect to: a port at an address, or the file of a unix socket. */
export type SocketTarget =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }

/** After how long a silence TCP asks whether the peer still lives, in ms; 0 leaves that to the system; false never asks. */
export type KeepAlive = number | false

/**
 * Where a connection goes and how: one address of one server. Another connection to the same peer reaches
 * the same server, in the same way.
 */
export interface Peer {
  /** `host:port` with the name that the user gave, or the path of a socket. */
  readonly name: string
  /** The same with the address that the name has; `name` itself where it needs no looking up. */
  readonly address: string
  /** The name that the server's certificate must be for. */
  readonly host: string
  readonly target: SocketTarget
  readonly encryption: Encryption
  /** Undefined where `encryption` is `plain`. */
  readonly tls: TlsConfig | undefined
  readonly keepAlive: KeepAlive
}

/** Names a peer for messages: `localhost:5432 (127.0.0.1:5432)`. */
export function describePeer({ name, address }: Pick<Peer, 'name' | 'address'>): string {
  return name === address ? name : `${name} (${address})`
}
