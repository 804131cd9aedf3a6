import { InterfaceError } from '../base/errors.js'
import { AUTH_METHODS, type AuthMethod, type LoginRole, type ServerRoles } from './roles.js'
import type { ProviderName } from './start-options.js'

/** Files for clients that check the server's certificate or show one of their own. */
export interface CertificateFiles {
  /** Path of the authority's certificate: `sslrootcert`. */
  readonly ca: string
  /** Path of the certificate of the `cert` role: `sslcert`. */
  readonly certificate: string
  /** Path of the key of that certificate: `sslkey`. */
  readonly key: string
}

/**
 * All there is to know about a test server, as plain data: it survives JSON and so may be handed to
 * another process. It holds passwords.
 */
export interface ServerDescription {
  readonly provider: ProviderName
  /** Such as `18.4`. Absent for a server of the user's own, which nobody has asked yet. */
  readonly version?: string
  /** The host for TCP. Absent for a server of the user's own that is reached by socket. */
  readonly host?: string
  readonly port: number
  /** The folder of the unix socket. Absent where there is none. */
  readonly socketDir?: string
  /** The database that is there from the start. */
  readonly database: string
  readonly roles: ServerRoles
  /** How the default role authenticates. Absent: the default is the admin. */
  readonly auth?: AuthMethod
  /** The authority's certificate as PEM. Absent without TLS. */
  readonly ca?: string
  /** Absent without TLS. */
  readonly certificates?: CertificateFiles
  /** Parameters that belong into every DSN. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** What a DSN shall say; what is left out comes from the server. */
export interface DsnOptions {
  /** Takes the role made for this way of authentication. Not together with `user`. */
  readonly auth?: AuthMethod
  /** Takes this role, with its password if the server was made with it. */
  readonly user?: string
  /** Replaces the role's password; null leaves it out. */
  readonly password?: string | null
  readonly database?: string
  /** `tcp`, `socket`, or a host name or address under which the server can be reached. Default `tcp`. */
  readonly host?: string
  /** `verify-ca` and `verify-full` bring `sslrootcert` along. Default: left to the driver, for the `cert` role `verify-full`. */
  readonly sslmode?: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
  /** More connection parameters, by libpq's names. */
  readonly parameters?: Readonly<Record<string, string>>
}

/**
 * Writes a connection URI for a test server, in the form libpq reads.
 *
 * @throws {InterfaceError} if the server has not got what is asked for.
 */
export function formatDsn(server: ServerDescription, options: DsnOptions = {}): string {
  const role = chooseRole(server, options)
  const password = options.password === undefined ? role.password : options.password
  const usesCertificate = role.user === server.roles.byMethod.cert?.user
  const overSocket = isOverSocket(server, options.host)
  if (usesCertificate && overSocket) {
    throw new InterfaceError('the cert role needs TLS, which a unix socket does not have')
  }

  const parameters: Record<string, string> = { ...server.parameters }
  const sslmode = options.sslmode ?? (usesCertificate ? 'verify-full' : undefined)
  if (sslmode !== undefined) parameters['sslmode'] = sslmode
  if (server.certificates !== undefined) {
    const { ca, certificate, key } = server.certificates
    if (sslmode?.startsWith('verify')) parameters['sslrootcert'] = ca
    if (usesCertificate) Object.assign(parameters, { sslcert: certificate, sslkey: key })
  }
  let authority = ''
  if (overSocket) {
    Object.assign(parameters, { host: server.socketDir, port: String(server.port) })
  } else {
    const host = tcpHost(server, options.host)
    authority = `${host.includes(':') ? `[${host}]` : host}:${server.port}`
  }
  Object.assign(parameters, options.parameters)

  const userinfo = [role.user, ...(password == null ? [] : [password])].map(encodeURIComponent)
  const query = Object.entries(parameters).map((pair) => pair.map(encodeURIComponent).join('='))
  return (
    `postgresql://${userinfo.join(':')}@${authority}` +
    `/${encodeURIComponent(options.database ?? server.database)}` +
    (query.length > 0 ? `?${query.join('&')}` : '')
  )
}

function chooseRole(server: ServerDescription, { user, auth }: DsnOptions): LoginRole {
  const { admin, byMethod } = server.roles
  if (user !== undefined) {
    if (auth !== undefined) throw new InterfaceError('dsn takes either user or auth, not both')
    return [admin, ...Object.values(byMethod)].find((role) => role.user === user) ?? { user }
  }
  const method = auth ?? server.auth
  if (method === undefined) return admin
  const role = byMethod[method]
  if (role !== undefined) return role
  const known = AUTH_METHODS.filter((name) => byMethod[name] !== undefined)
  throw new InterfaceError(
    known.length === 0
      ? `a server given by SLUICE_TEST_DSN has no role for ${method}: only the one of that DSN is known`
      : `the server has no role for ${method}, only for ${known.join(', ')}`,
  )
}

function isOverSocket(server: ServerDescription, host: string | undefined): boolean {
  const asked = host === 'socket' || (host === undefined && server.host === undefined)
  if (asked && server.socketDir === undefined) {
    throw new InterfaceError(`no unix socket leads to a server of provider "${server.provider}"`)
  }
  return asked
}

function tcpHost(server: ServerDescription, host: string | undefined): string {
  if (host !== undefined && host !== 'tcp') return host
  if (server.host !== undefined) return server.host
  throw new InterfaceError('SLUICE_TEST_DSN names a unix socket: the server has no TCP host')
}
