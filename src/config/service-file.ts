import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suggestion } from '../base/suggestion.js'
import type { DefaultFiles, Environment } from './environment.js'
import { optionError } from './option-error.js'
import type { Service } from './option-table.js'
import { whyUnreadable } from './pem.js'

/** Which service to look for, and where. */
export interface ServiceRequest {
  readonly name: string
  /** The user's file; undefined for the default one. */
  readonly file: string | undefined
}

/**
 * Finds a service in the user's file, or if it is not there in `pg_service.conf` of the folder that
 * `PGSYSCONFDIR` names. (The folder that libpq was built with is not known here.)
 *
 * @param knownKeys The keys that a connection string may have.
 * @throws {OptionError} when there is no such service, or its file is malformed. No error shows a value.
 * @see parseServiceInfo in src/interfaces/libpq/fe-connect.c
 */
export function findService(
  { name, file }: ServiceRequest,
  files: DefaultFiles,
  environment: Environment,
  knownKeys: readonly string[],
): Service {
  const { PGSYSCONFDIR } = environment
  const paths = [file ?? files.serviceFile]
  if (PGSYSCONFDIR) paths.push(join(PGSYSCONFDIR, 'pg_service.conf'))
  for (const path of paths) {
    const content = readIfThere(path)
    const values = content === undefined ? undefined : readService(content, name, path, knownKeys)
    if (values !== undefined) return { values, path }
  }
  throw optionError(
    TypeError,
    'service',
    `there is no service "${name}" in ${paths.join(' nor in ')}`,
  )
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw optionError(TypeError, 'serviceFile', `${whyUnreadable(cause)}: ${path}`, cause)
  }
}

/**
 * Reads the section `[name]`: lines of `key=value`, without quotes or white space around the `=`; a line
 * that begins with `#` is a comment. The first of several values of a key counts.
 */
function readService(
  content: string,
  name: string,
  path: string,
  knownKeys: readonly string[],
): ReadonlyMap<string, string> | undefined {
  let values: Map<string, string> | undefined
  for (const [i, raw] of content.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      if (values !== undefined) break
      // libpq compares the name and the bracket behind it, and looks at nothing beyond.
      if (line.startsWith(`[${name}]`)) values = new Map()
      continue
    }
    if (values === undefined) continue
    const place = `line ${i + 1} of ${path}`
    const equals = line.indexOf('=')
    if (equals < 0) throw malformed(`${place} has no "="`)
    const key = line.slice(0, equals)
    if (key === 'service' || key === 'servicefile') {
      throw malformed(`${place}: a service cannot name another`)
    }
    if (!knownKeys.includes(key)) {
      // A URI, or what is left of a password, may stand in the place of a key.
      const shown = /^\w* *$/.test(key) && !values.has('password') ? ` "${key.slice(0, 60)}"` : ''
      throw malformed(`${place}: unknown key${shown}${suggestion(key, knownKeys)}`)
    }
    const value = line.slice(equals + 1)
    if (value.includes('\0')) throw malformed(`${place}: the value contains a NUL character`)
    if (!values.has(key)) values.set(key, value)
  }
  return values
}

function malformed(problem: string): TypeError {
  return optionError(TypeError, 'service', problem)
}
