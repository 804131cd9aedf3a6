import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Variables as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Files that libpq looks for when nobody names others. */
export interface DefaultFiles {
  readonly passfile: string
  readonly serviceFile: string
  readonly rootCertificate: string
  readonly revocationList: string
  readonly certificate: string
  readonly key: string
}

/**
 * Where libpq keeps its files: `~/.pgpass`, `~/.pg_service.conf` and `~/.postgresql/`, on Windows all in `%APPDATA%\postgresql`.
 * @see pqGetHomeDirectory in src/interfaces/libpq/fe-connect.c
 */
export function defaultFiles(
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): DefaultFiles {
  const { HOME, APPDATA } = environment
  const home = HOME || homedir()
  const isWindows = platform === 'win32'
  const folder = isWindows ? join(APPDATA ?? home, 'postgresql') : join(home, '.postgresql')
  return {
    serviceFile: isWindows ? join(folder, '.pg_service.conf') : join(home, '.pg_service.conf'),
    passfile: isWindows ? join(folder, 'pgpass.conf') : join(home, '.pgpass'),
    rootCertificate: join(folder, 'root.crt'),
    revocationList: join(folder, 'root.crl'),
    certificate: join(folder, 'postgresql.crt'),
    key: join(folder, 'postgresql.key'),
  }
}

/** The name that the operating system has for the user of this process; undefined when it has none. */
export function systemUser(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // Containers often run under a number that has no name.
    return undefined
  }
}
