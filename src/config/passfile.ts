import { readFileSync, statSync } from 'node:fs'
import { whyUnreadable } from './pem.js'

/** One line of a passfile; undefined stands for `*`. */
interface PassfileEntry {
  readonly host: string | undefined
  readonly port: string | undefined
  readonly database: string | undefined
  readonly user: string | undefined
  readonly password: string
}

/** What a password is looked up by. */
export interface PassfileKey {
  /** Host name as given; `localhost` for a default socket directory. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** Passwords by host, port, database and user. Shows in no inspection. */
export class Passfile {
  readonly #entries: readonly PassfileEntry[]
  /** Why the file was not used, if it was not. */
  readonly problem: string | undefined

  /** Takes the content of a passfile, or the reason why there is none. */
  constructor(content: string, problem?: string) {
    this.#entries = parsePassfile(content)
    this.problem = problem
  }

  /** The password of the first line that fits; an empty one counts as none. */
  find({ host, port, database, user }: PassfileKey): string | undefined {
    const entry = this.#entries.find(
      (line) =>
        fits(line.host, host) &&
        fits(line.port, String(port)) &&
        fits(line.database, database) &&
        fits(line.user, user),
    )
    return entry?.password || undefined
  }
}

/**
 * Reads a passfile. One that does not exist, is not a plain file, cannot be read, or can be read by others
 * than its owner is not used, as in libpq; `problem` says so.
 *
 * @see passwordFromFile in src/interfaces/libpq/fe-connect.c
 */
export function readPassfile(path: string, platform: NodeJS.Platform = process.platform): Passfile {
  try {
    const stats = statSync(path)
    if (!stats.isFile()) return new Passfile('', `${path} was ignored: it is not a plain file`)
    // Windows keeps the folder of the file private instead.
    if (platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      return new Passfile(
        '',
        `${path} was ignored: others than its owner have access; use chmod 0600`,
      )
    }
    return new Passfile(readFileSync(path, 'utf8'))
  } catch (error) {
    return new Passfile('', `${path} was not used: ${whyUnreadable(error)}`)
  }
}

/** Lines are `host:port:database:user:password`; a backslash takes the next character as it is; `#` starts a comment. */
function parsePassfile(content: string): readonly PassfileEntry[] {
  const entries: PassfileEntry[] = []
  for (const line of content.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = FIELDS.exec(line)
    if (fields === null) continue
    const [host, port, database, user] = fields.slice(1, 5).map(readField)
    // The password is the rest of the line, unescaped colons included.
    entries.push({
      host,
      port,
      database,
      user,
      password: withoutEscapes(line.slice(fields[0].length)),
    })
  }
  return entries
}

const FIELDS = /^((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):/

function readField(text: string): string | undefined {
  return text === '*' ? undefined : withoutEscapes(text)
}

function withoutEscapes(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1')
}

function fits(pattern: string | undefined, value: string): boolean {
  return pattern === undefined || pattern === value
}
