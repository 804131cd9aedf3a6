import { existsSync, realpathSync } from 'node:fs'
import { posix } from 'node:path'
import { hide } from './hidden.js'
import { optionError } from './option-error.js'
import type { Passfile } from './passfile.js'
import type { TlsConfig } from './resolve-tls.js'

/** Whether to ask for TLS. `tls-if-offered` goes on without on the same socket when the server has none. */
export type Encryption = 'plain' | 'tls-if-offered' | 'tls'

/** One server to try. Frozen. */
export interface ConnectHost {
  /** `host:port`, or the path of a socket, for messages. */
  readonly address: string
  /** The name that the user knows the server by; its certificate must be for it. */
  readonly host: string
  readonly port: number
  /** The address of `host`, where it needs no looking up. */
  readonly hostAddress?: string
  /** File of a unix socket; undefined for TCP. In Linux's abstract namespace it begins with a NUL. */
  readonly path?: string
  /**
   * In order of preference. The second of sslmode `prefer` or `allow` is tried only when the first failed in
   * TLS, or the server refused it at startup.
   */
  readonly encryptions: readonly Encryption[]
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

/** What {@link listHosts} needs to know. */
export interface HostInput {
  /** An empty name stands for the default. */
  readonly hosts: readonly string[]
  /** One for all hosts, or one for each. */
  readonly ports: readonly number[]
  /** One for each host, an empty one where there is none; undefined for none at all. */
  readonly hostAddresses?: readonly string[] | undefined
  readonly tls: TlsConfig | undefined
  /** Looks up passwords; undefined when there is one already. */
  readonly passfile: Passfile | undefined
  readonly user: string
  readonly database: string
  readonly socketDirectories?: readonly string[]
}

/**
 * Lists the servers to try, in order.
 * @throws {OptionError} when the number of ports or addresses does not fit, an address is none, or the path
 * of a socket is too long.
 */
export function listHosts(input: HostInput): readonly ConnectHost[] {
  const { ports, hostAddresses = [], socketDirectories = SOCKET_DIRECTORIES } = input
  // Addresses alone say how many hosts there are, as in libpq.
  const isAlone = hostAddresses.length > 0 && input.hosts.join('') === ''
  const hosts = isAlone ? hostAddresses.map(() => '') : input.hosts
  checkCount('port', ports.length, hosts.length, ports.length === 1)
  checkCount('hostAddress', hostAddresses.length, hosts.length, hostAddresses.length === 0)
  const list: ConnectHost[] = []
  for (const [i, name] of hosts.entries()) {
    const port = ports[ports.length === 1 ? 0 : i] ?? 0
    const hostAddress = hostAddresses[i] ?? ''
    if (hostAddress !== '') {
      list.push(hostAt(name === '' ? hostAddress : name, port, hostAddress, input))
      continue
    }
    const names = name === '' ? defaultHosts(port, socketDirectories) : [name]
    for (const host of names) list.push(hostAt(host, port, undefined, input))
  }
  return Object.freeze(list)
}

function checkCount(option: string, count: number, hosts: number, fits: boolean): void {
  if (fits || count === hosts) return
  const what = option === 'port' ? 'ports' : 'host addresses'
  const rule =
    option === 'port' ? 'give one for all, or one for each' : 'give one for each, or none'
  throw optionError(TypeError, option, `${count} ${what} do not fit ${hosts} hosts: ${rule}`)
}

/** Whether a host is a directory of unix sockets, or such a place in Linux's abstract namespace (`@…`). */
export function isSocketDirectory(host: string): boolean {
  return host.startsWith('/') || host.startsWith('@')
}

function hostAt(
  host: string,
  port: number,
  hostAddress: string | undefined,
  { tls, passfile, user, database, socketDirectories = SOCKET_DIRECTORIES }: HostInput,
): ConnectHost {
  const isSocket = hostAddress === undefined && isSocketDirectory(host)
  const file = isSocket ? socketPath(host, port) : undefined
  const address = file ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
  // The server in a default socket directory is "localhost" to the passfile (libpq docs, "The Password File").
  const passfileHost = socketDirectories.includes(host) ? 'localhost' : host
  const entry = {
    address,
    host,
    port,
    ...(hostAddress !== undefined && { hostAddress }),
    ...(file !== undefined && { path: file.replace(/^@/, '\0') }),
    encryptions: isSocket ? PLAIN : encryptionsOf(tls),
  }
  return Object.freeze(
    hide(entry, 'password', passfile?.find({ host: passfileHost, port, database, user })),
  )
}

const PLAIN: readonly Encryption[] = Object.freeze(['plain'] as const)

function encryptionsOf(tls: TlsConfig | undefined): readonly Encryption[] {
  switch (tls?.mode) {
    case undefined:
      return PLAIN
    case 'allow':
      return Object.freeze(['plain', 'tls'] as const)
    case 'prefer':
      return Object.freeze(['tls-if-offered', 'plain'] as const)
    default:
      return Object.freeze(['tls'] as const)
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
