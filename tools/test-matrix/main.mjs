/**
 * Runs the integration tests on every supported major version of PostgreSQL:
 *
 *     npm run test:matrix -- [--version 16]... [test files]
 *
 * The servers are those of package.json beside this file, installed there at the first run. Further arguments
 * go to vitest. One line per version sums up; the exit code is 1 when any failed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const supported = Object.keys(dependencies).map((name) => name.split('-').at(-1))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { version: { type: 'string', multiple: true, default: supported } },
})
const unknown = values.version.find((version) => !supported.includes(version))
if (unknown !== undefined) {
  console.error(`there is no server of version ${unknown}, only of ${supported.join(', ')}`)
  process.exit(2)
}

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root, ...options })
  if (error) throw error
  return status ?? 1
}

const isInstalled = Object.keys(dependencies).every((name) =>
  existsSync(join(here, 'node_modules', name)),
)
if (!isInstalled) {
  const status = run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], {
    cwd: here,
  })
  if (status !== 0) process.exit(status)
}
const built = run('npm', ['run', 'build'], {})
if (built !== 0) process.exit(built)

const folder = mkdtempSync(join(tmpdir(), 'sluice-matrix-'))
const lines = []
let failed = false
try {
  for (const version of values.version) {
    const report = join(folder, `${version}.json`)
    const status = run(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        ...['run', '--project', 'integration', '--reporter=default', '--reporter=json'],
        `--outputFile.json=${report}`,
        ...positionals,
      ],
      {
        env: {
          ...process.env,
          SLUICE_TEST_VERSION: version,
          // Where the aliases of the servers are found.
          NODE_PATH: join(here, 'node_modules'),
        },
      },
    )
    failed ||= status !== 0
    lines.push(`PostgreSQL ${version}: ${summary(report, status)}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${lines.join('\n')}`)
process.exitCode = failed ? 1 : 0

function summary(report, status) {
  if (!existsSync(report)) return `no report (exit code ${status})`
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  )
  return `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped${status === 0 ? '' : ' — FAILED'}`
}
