/**
 * A program that starts a server and then ends as its first argument says. It prints the server's
 * folder and the pid of its postmaster, as JSON on one line.
 */
import { startPostgres } from '../../src/testing/index.js'
import { folderOf, postmasterPid } from './processes.js'

const server = await startPostgres({ provider: 'embedded' })
const folder = folderOf(server)
console.log(JSON.stringify({ folder, pid: postmasterPid(folder) }))

switch (process.argv[2]) {
  case 'throw':
    setTimeout(() => {
      throw new Error('as asked')
    }, 0)
    break
  case 'exit':
    process.exit(0)
    break
  case 'wait':
    setTimeout(() => {}, 60_000)
    break
  default:
    // Nothing left to do: the server must not keep this process alive.
    break
}
