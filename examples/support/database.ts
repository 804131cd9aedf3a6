import { startPostgres } from 'sluice/testing'

/** A database to try things on: that of `DATABASE_URL`, or else a server made for the occasion. */
export async function database(): Promise<{ dsn: string } & AsyncDisposable> {
  const { DATABASE_URL: url } = process.env
  if (url !== undefined) return { dsn: url, [Symbol.asyncDispose]: async () => {} }
  const server = await startPostgres()
  return { dsn: server.dsn(), [Symbol.asyncDispose]: () => server.stop() }
}
