import type { Client } from './client.js'
import type { ClientConfig } from './client-config.js'
import { setHidden, showWithout, withHiddenSecrets } from './hidden.js'
import type { PoolClient } from './pool-client.js'

/** Configuration of a pool, under pg's keys: that of its clients, and these. */
export interface PoolConfig extends ClientConfig {
  /** Most clients. Default 10. */
  max?: number | undefined
  /** As `max`. */
  poolSize?: number | undefined
  /** Clients that are kept though idle; none is opened for it. Default 0. */
  min?: number | undefined
  /** How long a client may be idle, in ms; 0 for ever. Default 10,000. */
  idleTimeoutMillis?: number | undefined | null
  /** How often a client is lent before it is replaced. Default: any number. */
  maxUses?: number | undefined
  /** How old a client may get, in seconds; 0 for ever. */
  maxLifetimeSeconds?: number | undefined
  /** Whether the process may end while clients are idle. Default false. */
  allowExitOnIdle?: boolean | undefined
  /** Called with each new client before it is lent. What it throws closes the client and fails the caller. */
  onConnect?: ((client: Client) => void | Promise<void>) | undefined
  /** As `onConnect`, with a callback. */
  verify?: ((client: PoolClient, callback: (error?: Error) => void) => void) | undefined
  log?: ((...messages: unknown[]) => void) | undefined
  Client?: (new (config: ClientConfig) => Client) | undefined
}

/** The options that a pool goes by. */
export interface PoolOptions extends PoolConfig {
  max: number
  min: number
  maxUses: number
  allowExitOnIdle: boolean
  maxLifetimeSeconds: number
  idleTimeoutMillis: number | null
}

/** The options of a pool with their defaults. Passwords and keys are there to be read, and show in no log. */
export function poolOptions(given: PoolConfig): PoolOptions {
  // The error of Node.js for it shows the text, which has a password in it.
  if (typeof given !== 'object') {
    throw new TypeError('the options of a pool must be an object, such as { connectionString }')
  }
  const options: PoolOptions = {
    ...given,
    max: given.max || given.poolSize || 10,
    min: given.min || 0,
    maxUses: given.maxUses || Number.POSITIVE_INFINITY,
    allowExitOnIdle: given.allowExitOnIdle || false,
    maxLifetimeSeconds: given.maxLifetimeSeconds || 0,
    idleTimeoutMillis: given.idleTimeoutMillis === undefined ? 10_000 : given.idleTimeoutMillis,
  }
  if ('password' in given) setHidden(options, 'password', given.password)
  if ('ssl' in given) options.ssl = withHiddenSecrets(given.ssl)
  if (given.connectionString) showWithout(options, 'connectionString')
  return options
}
