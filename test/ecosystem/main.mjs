/**
 * Real libraries on sluice-pg: `npm run test:ecosystem [library …]`.
 *
 * Packs what the build made, installs it as `pg` beside the libraries (on demand, with `overrides`, so that
 * those that bring their own pg get ours too), starts a server, and lets each library do real work in a
 * process and a database of its own. Prints a line for each.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from '../../dist/pg/index.js'
import { startPostgres } from '../../dist/testing/index.js'

const here = dirname(fileURLToPath(import.meta.url))
const built = join(here, '../../dist-pg')
const DEADLINE_MS = 180_000

function npm(cwd, ...args) {
  const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`npm ${args[0]} failed`)
}

function install() {
  if (!existsSync(built)) throw new Error('run `npm run build` first')
  npm(built, 'pack', '--silent', '--pack-destination', here)
  const [tarball] = readdirSync(here).filter((name) => /^sluice-pg-.*\.tgz$/.test(name))
  renameSync(join(here, tarball), join(here, 'sluice-pg.tgz'))
  rmSync(join(here, 'node_modules/pg'), { recursive: true, force: true })
  rmSync(join(here, 'package-lock.json'), { force: true })
  npm(
    here,
    'install',
    '--silent',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--no-package-lock',
  )
}

async function run(library, server) {
  const name = library.replace('.mjs', '')
  const database = `ecosystem_${name.replaceAll('-', '_')}`
  const admin = new pg.Client(server.dsn({ sslmode: 'disable', user: 'postgres' }))
  await admin.connect()
  await admin.query(`drop database if exists ${database}`)
  await admin.query(`create database ${database}`)
  await admin.end()
  const url = new URL(server.dsn({ sslmode: 'disable', user: 'postgres' }))
  url.pathname = `/${database}`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', join(here, 'only-ours.mjs'), join(here, 'libraries', library)],
    { cwd: here, encoding: 'utf8', env: { ...process.env, DSN: url.href }, timeout: DEADLINE_MS },
  )
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(18)}  ${stdout.trim().split('\n').at(-1)}`,
  )
  if (status !== 0) console.log(stderr)
  return status === 0
}

install()
const wanted = process.argv.slice(2)
const libraries = readdirSync(join(here, 'libraries')).filter(
  (name) => wanted.length === 0 || wanted.includes(name.replace('.mjs', '')),
)
const server = await startPostgres()
try {
  let failures = 0
  for (const library of libraries) if (!(await run(library, server))) failures++
  if (failures > 0) process.exitCode = 1
} finally {
  await server.stop()
}
