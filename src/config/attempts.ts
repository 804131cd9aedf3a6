import { existsSync, realpathSync } from 'node:fs'
import { posix } from 'node:path'
import { hide } from './hidden.js'
import { optionError } from './option-error.js'
import type { Passfile } from './passfile.js'
import type { TlsConfig } from './tls-options.js'

/** One way to reach a server, to be tried when those before it failed. Frozen. */
export interface ConnectAttempt {
  /** `host:port`, or the path of a socket, for messages. */
  readonly address: string
  readonly host: string
  readonly port: number
  /** File of a unix socket; undefined for TCP. */
  readonly path?: string
  /** `tls-if-offered` goes on without TLS on the same socket when the server has none. */
  readonly encryption: 'plain' | 'tls-if-offered' | 'tls'
  /**
   * The second half of sslmode `prefer` or `allow`: tried only when the attempt before it failed in TLS, or
   * when the server refused it at startup.
   */
  readonly fallback: boolean
  /** What the passfile has for this host. Not enumerable, so that it shows nowhere. */
  readonly password?: string | undefined
}

/** Where servers put their sockets: Debian and Red Hat, macOS, PostgreSQL as it comes. */
const SOCKET_DIRECTORIES: readonly string[] = [
  '/run/postgresql',
  '/var/run/postgresql',
  '/private/tmp',
  '/tmp',
]

/** What fits in `sockaddr_un`; Node.js would cut off the rest and connect to something else. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103

/** What {@link listAttempts} needs to know. */
export interface AttemptInput {
  /** An empty name stands for the default. */
  readonly hosts: readonly string[]
  /** One for all hosts, or one for each. */
  readonly ports: readonly number[]
  readonly tls: TlsConfig | undefined
  /** Looks up passwords; undefined when there is one already. */
  readonly passfile: Passfile | undefined
  readonly user: string
  readonly database: string
  readonly socketDirectories?: readonly string[]
}

/**
 * Lists the ways to reach the hosts, in order.
 * @throws {OptionError} when the number of ports does not fit, or the path of a socket is too long.
 */
export function listAttempts(input: AttemptInput): readonly ConnectAttempt[] {
  const { hosts, ports, socketDirectories = SOCKET_DIRECTORIES } = input
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw optionError(
      TypeError,
      'port',
      `${ports.length} ports do not fit ${hosts.length} hosts: give one for all, or one for each`,
    )
  }
  const attempts: ConnectAttempt[] = []
  for (const [i, name] of hosts.entries()) {
    const port = ports[ports.length === 1 ? 0 : i] ?? 0
    const names = name === '' ? defaultHosts(port, socketDirectories) : [name]
    for (const host of names) attempts.push(...attemptsAt(host, port, input, socketDirectories))
  }
  return Object.freeze(attempts)
}

/** Whether a host is a directory of unix sockets. */
export function isSocketDirectory(host: string): boolean {
  return host.startsWith('/')
}

function attemptsAt(
  host: string,
  port: number,
  { tls, passfile, user, database }: AttemptInput,
  socketDirectories: readonly string[],
): readonly ConnectAttempt[] {
  const isSocket = isSocketDirectory(host)
  const path = isSocket ? socketPath(host, port) : undefined
  const address = path ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
  // The server in a default socket directory is "localhost" to the passfile (libpq docs, "The Password File").
  const passfileHost = socketDirectories.includes(host) ? 'localhost' : host
  const password = passfile?.find({ host: passfileHost, port, database, user })
  const attempt = (encryption: ConnectAttempt['encryption'], fallback: boolean): ConnectAttempt =>
    Object.freeze(
      hide(
        { address, host, port, ...(path !== undefined && { path }), encryption, fallback },
        'password',
        password,
      ),
    )
  if (isSocket || tls === undefined) return [attempt('plain', false)]
  switch (tls.mode) {
    case 'allow':
      return [attempt('plain', false), attempt('tls', true)]
    case 'prefer':
      return [attempt('tls-if-offered', false), attempt('plain', true)]
    default:
      return [attempt('tls', false)]
  }
}

function socketPath(directory: string, port: number): string {
  const path = posix.join(directory, `.s.PGSQL.${port}`)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return path
  throw optionError(
    RangeError,
    'host',
    `the path of the socket is longer than ${MAX_SOCKET_PATH_BYTES} bytes: ${path}`,
  )
}

/** The directories that have a socket for `port`, each once, then `localhost`. */
function defaultHosts(port: number, directories: readonly string[]): readonly string[] {
  const found = new Map<string, string>()
  for (const directory of directories) {
    const path = socketPath(directory, port)
    if (!existsSync(path)) continue
    // /var/run is a link to /run on many systems.
    const real = realpathSync(directory)
    if (!found.has(real)) found.set(real, directory)
  }
  return [...found.values(), 'localhost']
}
