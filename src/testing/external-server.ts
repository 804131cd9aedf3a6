import { InterfaceError } from '../base/errors.js'
import type { LoginRole } from './roles.js'
import type { ServerDescription } from './server-description.js'
import type { ResolvedStartOptions } from './start-options.js'
import { TestPostgres } from './test-postgres.js'

/**
 * Wraps the server of the user's own that `SLUICE_TEST_DSN` names. It can only be used as it is: no
 * other role, no restart, and `stop` leaves it alone.
 *
 * @throws {InterfaceError} if the DSN is missing or not a URI for one host, or if options were given
 *   that would change the server.
 */
export function useExternal(options: ResolvedStartOptions): TestPostgres {
  if (options.dsn === undefined) {
    throw new InterfaceError('provider "external" needs the DSN of your server in SLUICE_TEST_DSN')
  }
  if (options.changes.length > 0) {
    throw new InterfaceError(
      `the server of SLUICE_TEST_DSN is taken as it is: it cannot follow ${options.changes.join(', ')}`,
    )
  }
  const cannot = (what: string) => () =>
    Promise.reject(
      new InterfaceError(`cannot ${what} the server of SLUICE_TEST_DSN: it is not ours`),
    )
  return new TestPostgres(describeDsn(options.dsn), {
    restart: cannot('restart'),
    kill: cannot('send a signal to'),
    stop: () => Promise.resolve(),
  })
}

/** The parts of a URI: user information, host and port, database, parameters. */
const DSN_URI = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/
const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:,]*))(?::(\d+))?$/

function describeDsn(dsn: string): ServerDescription {
  const [, userinfo = '', authority = '', path = '', query = ''] = DSN_URI.exec(dsn) ?? refuse()
  const [, ipv6, name = '', digits] = HOST_AND_PORT.exec(authority) ?? refuse()
  const { host: asked, port: askedPort, ...parameters } = readParameters(query)
  const host = asked ?? ipv6 ?? decodeURIComponent(name)
  const port = Number(digits ?? askedPort ?? 5432)
  const admin = readUserinfo(userinfo)
  return {
    provider: 'external',
    ...(host.startsWith('/') ? { socketDir: host } : { host: host || 'localhost' }),
    port,
    database: decodeURIComponent(path) || admin.user,
    roles: { admin, byMethod: {} },
    parameters,
  }
}

function readUserinfo(userinfo: string): LoginRole {
  if (userinfo === '') throw new InterfaceError('SLUICE_TEST_DSN must name a user')
  const colon = userinfo.indexOf(':')
  if (colon < 0) return { user: decodeURIComponent(userinfo) }
  return {
    user: decodeURIComponent(userinfo.slice(0, colon)),
    password: decodeURIComponent(userinfo.slice(colon + 1)),
  }
}

function readParameters(query: string): Record<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals), pair.slice(equals + 1)].map(decodeURIComponent)
    }),
  ) as Record<string, string>
}

/** The DSN itself stays out of the message: it may hold a password. */
function refuse(): never {
  throw new InterfaceError(
    'SLUICE_TEST_DSN must be a URI for one host: postgresql://user:password@host:port/database',
  )
}
