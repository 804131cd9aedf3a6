import { inject } from 'vitest'
import { ServerAddress } from '../../src/testing/index.js'

/** The server that all integration tests of a run share: use it, but leave it as it was. */
export type TestServer = ServerAddress

/**
 * The shared server, started by global-setup.ts. A test that stops, restarts or configures a server
 * starts one of its own.
 */
export async function testServer(): Promise<TestServer> {
  return new ServerAddress(inject('postgres'))
}
