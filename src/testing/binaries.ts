import { chmod, cp, lchown, lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import type { ServerUser } from './server-user.js'
import type { Supervisor } from './supervisor.js'
import { TestServerError } from './test-server-error.js'

/** Programs of PostgreSQL that the server's user can run. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** The full version, such as `18.4`. */
  readonly version: string
}

const PROGRAMS = ['postgres', 'initdb'] as const
const SUFFIX = process.platform === 'win32' ? '.exe' : ''

/**
 * Makes the binaries of an npm package usable for the server's user. npm packages hold no symbolic
 * links and may lose file modes; both are mended in place where we may write. Where that is not
 * enough (a read-only folder, or one that the server's user cannot enter) they are copied into the
 * supervisor's folder.
 *
 * @param native the folder with `bin`, `lib`, `share` and `pg-symlinks.json`.
 * @throws {TestServerError} if they cannot be run even then.
 */
export async function prepareBinaries(
  native: string,
  supervisor: Supervisor,
  user: ServerUser | undefined,
): Promise<Binaries> {
  const inPlace = (await mend(native))
    ? await tryBinaries(native, supervisor)
    : 'links or modes are missing, and it is read-only'
  if (typeof inPlace !== 'string') return inPlace

  const copy = join(supervisor.folder, 'native')
  await mkdir(copy)
  await cp(native, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'), // For linking programs, which nobody does here.
  })
  await mend(copy)
  if (user !== undefined) await giveAway(copy, user)
  const copied = await tryBinaries(copy, supervisor)
  if (typeof copied !== 'string') return copied
  throw new TestServerError(
    `the PostgreSQL in ${native} does not run on this machine:\n${inPlace}\nIn a copy of it:\n${copied}`,
  )
}

/** Makes missing links and execute permissions. False if some remain missing. */
async function mend(native: string): Promise<boolean> {
  const links = await readSymlinks(native)
  const modes = PROGRAMS.map((name) => join(native, 'bin', name + SUFFIX))
  const done = await Promise.all([...links.map(makeLink), ...modes.map(makeExecutable)])
  return done.every(Boolean)
}

interface Link {
  readonly path: string
  readonly target: string
}

/** `pg-symlinks.json` has `{ source, target }`: target is to be a link to source, both from the package's root. */
async function readSymlinks(native: string): Promise<Link[]> {
  let text: string
  try {
    text = await readFile(join(native, 'pg-symlinks.json'), 'utf8')
  } catch (cause) {
    throw new TestServerError(`the package in ${dirname(native)} is incomplete`, { cause })
  }
  const listed: { source: string; target: string }[] = JSON.parse(text)
  // A copy of `native` need not have that name.
  const place = (path: string) => resolve(native, relative('native', path))
  return listed.map(({ source, target }) => ({
    path: place(target),
    target: relative(dirname(place(target)), place(source)),
  }))
}

async function makeLink({ path, target }: Link): Promise<boolean> {
  try {
    await symlink(target, path)
    return true
  } catch (error) {
    // It was there, or another process has just made it; else the folder is not ours to write.
    if (isCode(error, 'EEXIST')) return true
    return exists(path)
  }
}

async function makeExecutable(path: string): Promise<boolean> {
  const { mode } = await lstat(path).catch((cause: unknown) => {
    throw new TestServerError(`${basename(path)} is missing in ${dirname(path)}`, { cause })
  })
  if ((mode & 0o111) !== 0) return true
  return chmod(path, mode | 0o755).then(
    () => true,
    () => false,
  )
}

/** The binaries, or why they do not run. */
async function tryBinaries(native: string, supervisor: Supervisor): Promise<Binaries | string> {
  const program = (name: (typeof PROGRAMS)[number]) => join(native, 'bin', name + SUFFIX)
  const postgres = program('postgres')
  try {
    const { code, output } = await supervisor.run({ file: postgres, args: ['--version'] })
    const version = /\) (\d[\w.]*)/.exec(output)?.[1]
    if (code !== 0 || version === undefined) return `postgres --version gave ${code}: ${output}`
    return { postgres, initdb: program('initdb'), version }
  } catch (error) {
    if (error instanceof TestServerError) return error.message
    throw error
  }
}

async function giveAway(path: string, user: ServerUser): Promise<void> {
  const entries = await readdir(path, { recursive: true })
  await Promise.all(['', ...entries].map((entry) => lchown(join(path, entry), user.uid, user.gid)))
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
