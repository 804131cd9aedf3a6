import type { Target } from './target.js'

/**
 * The server of the DSN; without one that of the environment's SLUICE_TEST_DSN, as for the tests;
 * without either a server of the benchmark's own.
 */
export async function openTarget(dsn: string | undefined, signal: AbortSignal): Promise<Target> {
  const { SLUICE_TEST_DSN } = process.env
  const given = dsn ?? SLUICE_TEST_DSN
  // Only what is needed is loaded: the embedded server is not installed everywhere.
  if (given) return (await import('./dsn-target.js')).dsnTarget(given, signal)
  return (await import('./embedded-target.js')).embeddedTarget(signal)
}
