import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { TestServerError } from './test-server-error.js'

/** An account of the operating system. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The first one that exists is taken. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody']

/**
 * The account a server has to run as, since PostgreSQL refuses to run as root. Undefined if that is
 * simply ours.
 *
 * @throws {TestServerError} if we are root and there is no unprivileged account.
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of UNPRIVILEGED_USERS) {
    const uid = accountNumber('-u', name)
    const gid = accountNumber('-g', name)
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid }
  }
  throw new TestServerError(
    `PostgreSQL does not run as root, and no user ${UNPRIVILEGED_USERS.join(' or ')} exists to run it: ` +
      'create one, or run as another user',
  )
}

/** Whether `user` can reach what is in `folder`; the modes of all folders on the way say so. Undefined is ourselves. */
export function mayEnter(user: ServerUser | undefined, folder: string): boolean {
  if (user === undefined) return true
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (path === dirname(path)) return true
  }
}

function accountNumber(flag: '-u' | '-g', name: string): number | undefined {
  try {
    const output = execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] })
    return Number(output.toString())
  } catch {
    // There is no such account.
    return undefined
  }
}
