import { randomBytes } from 'node:crypto'

/** The ways of authentication that a test server has a role for. */
export const AUTH_METHODS = ['trust', 'password', 'md5', 'scram-sha-256', 'cert'] as const

/** One of {@link AUTH_METHODS}, in the words of pg_hba.conf. */
export type AuthMethod = (typeof AUTH_METHODS)[number]

/** A role that may log in. */
export interface LoginRole {
  readonly user: string
  /** Absent where the server does not ask for one. */
  readonly password?: string
}

/** The roles a test server is made with. */
export interface ServerRoles {
  /** The superuser. It authenticates with `scram-sha-256` everywhere. */
  readonly admin: LoginRole
  /** One role for each way of authentication the server can ask for. */
  readonly byMethod: Readonly<Partial<Record<AuthMethod, LoginRole>>>
}

/** Invents the roles of one server, each with its own random password. `cert` needs TLS. */
export function makeRoles(tls: boolean): ServerRoles {
  return {
    admin: { user: 'postgres', password: randomPassword() },
    byMethod: {
      trust: { user: 'sluice_trust' },
      password: { user: 'sluice_password', password: randomPassword() },
      md5: { user: 'sluice_md5', password: randomPassword() },
      'scram-sha-256': { user: 'sluice_scram', password: randomPassword() },
      ...(tls ? { cert: { user: 'sluice_cert' } } : {}),
    },
  }
}

/**
 * The statements that bring the roles into being, one per line, run by the superuser in the
 * database `postgres`. They hold passwords: never on a command line, never in a log.
 */
export function rolesSql(roles: ServerRoles): string[] {
  const { admin, byMethod } = roles
  const statements = [
    "SET password_encryption = 'scram-sha-256'",
    `ALTER ROLE ${admin.user}${passwordClause(admin)}`,
  ]
  for (const [method, role] of Object.entries(byMethod)) {
    // The way a password is stored decides how it can be proven: SCRAM needs its own verifier, and
    // hba's md5 does MD5 only with an MD5 hash.
    const stored = method === 'md5' ? 'md5' : 'scram-sha-256'
    statements.push(
      `SET password_encryption = '${stored}'`,
      `CREATE ROLE ${role.user} LOGIN${passwordClause(role)}`,
    )
  }
  statements.push(
    'GRANT CREATE, TEMPORARY ON DATABASE postgres TO PUBLIC',
    'GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC',
  )
  return statements
}

/**
 * The text of pg_hba.conf: the caller's lines first, then for each role a line over the unix socket
 * (`local`), TLS (`hostssl`) and any TCP (`host`), then `scram-sha-256` for all others.
 */
export function hbaText(roles: ServerRoles, tls: boolean, extra: readonly string[]): string {
  const lines = [...extra]
  for (const [method, { user }] of Object.entries(roles.byMethod)) {
    // Elsewhere there is no certificate to look at, and the server refuses the whole file.
    const overTlsOnly = method === 'cert'
    if (!overTlsOnly) lines.push(`local all ${user} ${method}`)
    if (tls) lines.push(`hostssl all ${user} all ${method}`)
    if (!overTlsOnly) lines.push(`host all ${user} all ${method}`)
  }
  // `all` as a database does not cover replication.
  for (const database of ['all', 'replication']) {
    lines.push(`local ${database} all scram-sha-256`, `host ${database} all all scram-sha-256`)
  }
  return `${lines.join('\n')}\n`
}

/** Base64url needs no quoting, neither in SQL nor in a URI. */
function randomPassword(): string {
  return randomBytes(24).toString('base64url')
}

function passwordClause(role: LoginRole): string {
  return role.password === undefined ? '' : ` PASSWORD '${role.password}'`
}
