import { optionError } from './option-error.js'
import type { OptionTexts } from './option-table.js'

/** A key of libpq that is no option of sluice. */
export interface ForeignKey {
  readonly env?: string
  /** The values that change nothing here; undefined refuses all. */
  readonly accepts: RegExp | undefined
  /** What becomes of it. */
  readonly doc: string
}

const ANY_INTEGER = /^\s*[+-]?\d+\s*$/

/**
 * The keys of libpq that sluice knows and does without: those that would do no harm are accepted, so that a
 * connection string of another program works, and those that promise something are refused.
 */
export const FOREIGN_KEYS: Readonly<Record<string, ForeignKey>> = {
  client_encoding: {
    accepts: /^(?:utf-?8|auto)$/i,
    doc: 'Strings of JavaScript travel as UTF-8, whatever the locale; another encoding is refused.',
  },
  gssdelegation: {
    env: 'PGGSSDELEGATION',
    accepts: /^[01]$/,
    doc: 'No effect: what is delegated is up to the `gssProvider`.',
  },
  gssencmode: {
    env: 'PGGSSENCMODE',
    accepts: /^(?:disable|prefer)$/,
    doc: 'There is no encryption by GSSAPI: `require` is refused. Use TLS.',
  },
  gsslib: {
    env: 'PGGSSLIB',
    accepts: /^(?:gssapi|sspi)$/,
    doc: 'No effect: the library is that of the `gssProvider`.',
  },
  keepalives_count: {
    accepts: ANY_INTEGER,
    doc: 'No effect: Node.js leaves this to the system.',
  },
  keepalives_interval: {
    accepts: ANY_INTEGER,
    doc: 'No effect: Node.js leaves this to the system.',
  },
  requirepeer: {
    env: 'PGREQUIREPEER',
    accepts: undefined,
    doc: 'Refused: Node.js cannot tell whose process is behind a unix socket.',
  },
  sslcompression: {
    env: 'PGSSLCOMPRESSION',
    accepts: /^[01]$/,
    doc: 'No effect: TLS is never compressed.',
  },
  tcp_user_timeout: {
    accepts: ANY_INTEGER,
    doc: 'No effect: Node.js cannot set it. Give queries a timeout.',
  },
}

/**
 * Checks that nobody asks for what sluice does not do.
 * @throws {OptionError} naming the key or variable that does.
 */
export function checkForeignKeys({ connectionString, service, environment }: OptionTexts): void {
  for (const [key, { env, accepts, doc }] of Object.entries(FOREIGN_KEYS)) {
    const found = [
      [connectionString?.get(key), `"${key}" in the connection string`],
      [service?.values.get(key), `"${key}" in the service file ${service?.path}`],
      [env === undefined ? undefined : environment?.[env], `environment variable ${env}`],
    ] as const
    const [value, label] = found.find(([text]) => text !== undefined) ?? []
    if (value === undefined || value === '' || accepts?.test(value)) continue
    const problem = accepts === undefined ? 'is not supported' : 'has a value that is not supported'
    throw optionError(TypeError, key, `${label} ${problem}. ${doc}`)
  }
}
