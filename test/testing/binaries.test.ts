import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prepareBinaries } from '../../src/testing/binaries.js'
import { findEmbeddedPackage } from '../../src/testing/embedded-package.js'
import { startPostgres } from '../../src/testing/index.js'
import { serverUser } from '../../src/testing/server-user.js'
import { Supervisor } from '../../src/testing/supervisor.js'
import { folderPrefix } from '../../src/testing/temporary-folder.js'
import { folderOf, postmasterPid } from './processes.js'

const isRoot = process.getuid?.() === 0
const user = serverUser()

/** A copy of the installed binaries as npm unpacks them without scripts: no links, plain modes. */
function unpack(folder: string): string {
  const native = join(folder, 'package', 'native')
  cpSync(findEmbeddedPackage(undefined).native, native, {
    recursive: true,
    filter: (source) => !lstatSync(source).isSymbolicLink() && !source.endsWith('.a'),
  })
  for (const program of readdirSync(join(native, 'bin'))) {
    chmodSync(join(native, 'bin', program), 0o644)
  }
  return native
}

function linksIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => lstatSync(join(folder, name)).isSymbolicLink())
}

describe('binaries as npm unpacks them', () => {
  let folder: string
  let native: string
  let supervisors: Supervisor[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'binaries-'))
    chmodSync(folder, 0o755)
    native = unpack(folder)
    supervisors = await Promise.all([1, 2, 3].map(() => Supervisor.start(folderPrefix(user), user)))
  })
  afterEach(async () => {
    await Promise.all(supervisors.map((supervisor) => supervisor.end()))
    chmodSync(folder, 0o755)
    rmSync(folder, { recursive: true, force: true })
  })

  test('get links and modes where they are, by several processes at once', async () => {
    const prepared = await Promise.all(
      supervisors.map((supervisor) => prepareBinaries(native, supervisor, user)),
    )
    for (const { postgres, version } of prepared) {
      expect(postgres).toBe(join(native, 'bin', 'postgres'))
      expect(version).toMatch(/^\d+\.\d+/)
    }
    expect(linksIn(join(native, 'lib')).length).toBeGreaterThan(0)
    expect(statSync(join(native, 'bin', 'initdb')).mode & 0o111).toBe(0o111)
  })

  test.runIf(isRoot)('are copied when the server’s user cannot get at them', async () => {
    chmodSync(folder, 0o700)
    const [supervisor] = supervisors
    if (supervisor === undefined) throw new Error('no supervisor')
    const { postgres } = await prepareBinaries(native, supervisor, user)
    expect(postgres).toBe(join(supervisor.folder, 'native', 'bin', 'postgres'))
    expect(statSync(postgres).uid).toBe(user?.uid)
  })

  test('that are incomplete are named', async () => {
    rmSync(join(native, 'bin', 'initdb'))
    const [supervisor] = supervisors
    if (supervisor === undefined) throw new Error('no supervisor')
    await expect(prepareBinaries(native, supervisor, user)).rejects.toThrow(
      `initdb is missing in ${join(native, 'bin')}`,
    )
  })
})

test.runIf(isRoot)('started by root, the server runs as an unprivileged user', async () => {
  await using server = await startPostgres({ provider: 'embedded' })
  const folder = folderOf(server)
  const status = `/proc/${postmasterPid(folder)}`
  if (existsSync(status)) expect(statSync(status).uid).toBe(user?.uid)
  expect(user?.uid).toBeGreaterThan(0)
  expect(statSync(folder).uid).toBe(user?.uid)
  expect(statSync(folder).mode & 0o077).toBe(0)
  for (const file of ['sluice-server.key', 'sluice-server.crt']) {
    const { uid, mode } = statSync(join(folder, 'data', file))
    expect({ uid, mode: mode & 0o777 }).toEqual({ uid: user?.uid, mode: 0o600 })
  }
  expect(statSync(server.certificates?.key ?? '').mode & 0o777).toBe(0o600)
})

if (!isRoot) console.log('not run: tests of a server started by root, since this is not root')

describe('the folder for servers', () => {
  test('is in /tmp when sockets would have too long a path in the temporary folder', () => {
    expect(folderPrefix(undefined, '/x'.repeat(10))).toBe(`${'/x'.repeat(10)}/sluice-pg-`)
    expect(folderPrefix(undefined, '/x'.repeat(40))).toBe('/tmp/sluice-pg-')
  })

  test('is in /tmp when the server’s user could not enter the temporary folder', () => {
    const closed = mkdtempSync(join(tmpdir(), 'closed-')) // mkdtemp gives mode 0700.
    const nobody = { name: 'nobody', uid: 65_534, gid: 65_534 }
    try {
      expect(folderPrefix(nobody, closed)).toBe('/tmp/sluice-pg-')
      expect(folderPrefix(undefined, closed)).toBe(`${closed}/sluice-pg-`)
    } finally {
      rmSync(closed, { recursive: true })
    }
  })
})
