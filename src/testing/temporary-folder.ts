import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mayEnter, type ServerUser } from './server-user.js'

/** The folder of a server's unix socket, below the server's own. */
export const SOCKET_DIR = 'socket'

/** What the path of a unix socket may hold, in bytes: sockaddr_un.sun_path less the closing NUL. */
const MAX_SOCKET_PATH = process.platform === 'linux' ? 107 : 103

const NAME = 'sluice-pg-'

/**
 * How paths of folders for servers begin; six random characters follow. They go into the system's
 * temporary folder, or into `/tmp` if their sockets would have too long a path there or the server's
 * user could not enter.
 */
export function folderPrefix(user: ServerUser | undefined, temporary: string = tmpdir()): string {
  const prefix = join(temporary, NAME)
  const socket = join(`${prefix}XXXXXX`, SOCKET_DIR, '.s.PGSQL.65535')
  const fits = process.platform === 'win32' || Buffer.byteLength(socket) <= MAX_SOCKET_PATH
  return fits && mayEnter(user, temporary) ? prefix : join('/tmp', NAME)
}
