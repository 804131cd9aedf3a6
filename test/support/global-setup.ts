import type { TestProject } from 'vitest/node'
import { type ServerDescription, startPostgres } from '../../src/testing/index.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that all integration tests of a run share. */
    postgres: ServerDescription
  }
}

/** Starts the server that the integration tests share; what it gives back stops it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Sessions whose client has left end while they sleep too; a server that is there already is as it is.
  const settings = { client_connection_check_interval: '500ms' }
  const server = await startPostgres(process.env['SLUICE_TEST_DSN'] ? {} : { settings })
  project.provide('postgres', server.description)
  return () => server.stop('immediate')
}
