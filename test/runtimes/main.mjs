/**
 * The built package on every runtime of package.json beside this file: `npm run test:runtimes [runtime …]`.
 *
 * Installs them on demand, packs the build, starts a server, and runs core.mjs on each. A line per runtime
 * sums up; the exit code is 1 when a check failed or a runtime did not end by itself.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../../dist/testing/index.js'

const DEADLINE_MS = 120_000
const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')
const modules = join(here, 'node_modules')

/** The program of a runtime, with what goes before the script. */
function commandOf(runtime) {
  if (runtime === 'bun') return [join(modules, '@oven/bun-linux-x64/bin/bun')]
  if (runtime === 'deno') {
    return [join(modules, '@deno/linux-x64-glibc/deno'), 'run', '--allow-all']
  }
  return [join(modules, runtime, 'bin/node')]
}

function npm(cwd, ...args) {
  const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`npm ${args[0]} failed`)
}

function install() {
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
  const runtimes = Object.keys(dependencies)
  // The programs come in the packages: nothing has to be run, and what npm's scripts would fetch is not needed.
  if (runtimes.some((name) => !existsSync(commandOf(name)[0]))) {
    npm(here, 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-runtimes-'))
  try {
    npm(root, 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder)
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const tarball = join(folder, `sluice-${version}.tgz`)
    const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund']
    npm(here, 'install', ...flags, tarball)
  } finally {
    rmSync(folder, { recursive: true })
  }
  return runtimes
}

/** The connection strings that core.mjs asks for. */
function addressesOf(server) {
  const unknown = server.dsn({ auth: 'trust', sslmode: 'verify-full' })
  const wrongCa = new URL(unknown)
  wrongCa.searchParams.set('sslrootcert', server.certificates.certificate)
  return {
    plain: server.dsn({ auth: 'trust', sslmode: 'disable' }),
    scram: server.dsn({ auth: 'scram-sha-256' }),
    md5: server.dsn({ auth: 'md5' }),
    verified: server.dsn({ auth: 'scram-sha-256', sslmode: 'verify-full' }),
    certificate: server.dsn({ auth: 'cert' }),
    socket: server.dsn({ auth: 'trust', host: 'socket' }),
    wrongCa: wrongCa.href,
  }
}

function run(runtime, addresses) {
  const [program, ...args] = commandOf(runtime)
  const version = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout
  const { status, stdout, stderr, error } = spawnSync(program, [...args, join(here, 'core.mjs')], {
    cwd: here,
    encoding: 'utf8',
    env: { ...process.env, SERVER: JSON.stringify(addresses) },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  })
  const lines = stdout.trim().split('\n')
  const last = error?.code === 'ETIMEDOUT' ? 'did not end by itself' : lines.pop()
  const isWell = status === 0 && /^[1-9]\d* passed, 0 failed$/.test(last)
  if (!isWell) console.log(`${lines.join('\n')}\n${stderr}`)
  console.log(
    `${isWell ? 'ok    ' : 'FAILED'}  ${runtime.padEnd(14)}  ${version.match(/\d+\.\d+\.\d+/)?.[0].padEnd(8)}  ${last}`,
  )
  return isWell
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(
    `the runtimes are for linux on x64; this is ${process.platform} on ${process.arch}: nothing was run`,
  )
  process.exit(2)
}
const installed = install()
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !installed.includes(name))
if (unknown !== undefined) {
  console.error(`there is no runtime ${unknown}, only ${installed.join(', ')}`)
  process.exit(2)
}
const server = await startPostgres({ tls: true })
try {
  const addresses = addressesOf(server)
  for (const runtime of installed) {
    if (wanted.length > 0 && !wanted.includes(runtime)) continue
    if (!run(runtime, addresses)) process.exitCode = 1
  }
} finally {
  await server.stop()
}
