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
  const server = await startPostgres()
  project.provide('postgres', server.description)
  return () => server.stop('immediate')
}
