import { suggestion } from '../base/suggestion.js'
import { optionError } from './option-error.js'

/** The option that errors of the connection string itself name. */
const OPTION = 'connection string'

/**
 * Reads a connection string as libpq does: a URI (`postgresql://` or `postgres://`), else `key = value`
 * pairs. Gives the texts by key, the last of several winning. Host and port may be lists with commas.
 *
 * No error shows anything but the names of keys: in a string that does not parse, anything may be a part
 * of the password.
 *
 * @param knownKeys The keys to take; others are refused.
 * @throws {OptionError}
 * @see conninfo_parse and conninfo_uri_parse in src/interfaces/libpq/fe-connect.c
 */
export function parseConnectionString(
  text: string,
  knownKeys: readonly string[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const store: Store = (key, value, doubt) => {
    if (key === 'requiressl') {
      // What there was before sslmode (conninfo_storeval).
      store('sslmode', value.startsWith('1') ? 'require' : 'prefer', doubt)
      return
    }
    if (!knownKeys.includes(key)) {
      refuseUnknown(key, knownKeys, doubt)
    } else if (value.includes('\0')) {
      throw malformed(`"${key}" contains a NUL character`)
    } else {
      values.set(key, value)
    }
  }
  const rest = /^postgres(?:ql)?:\/\/(.*)$/s.exec(text)?.[1]
  if (rest === undefined) parsePairs(text, store)
  else parseUri(rest, store)
  return values
}

/** `doubt` says why the key might be no key but the tail of a secret, and must not be shown. */
type Store = (key: string, value: string, doubt?: string) => void

function refuseUnknown(
  key: string,
  knownKeys: readonly string[],
  doubt: string | undefined,
): never {
  const hint = suggestion(key, knownKeys)
  if (doubt !== undefined) throw malformed(`an unknown key ${doubt}${hint}`)
  const shown = key.slice(0, 60)
  throw optionError(TypeError, shown, `connection string: unknown key "${shown}"${hint}`)
}

function doubtAfter(previousKey: string, rule: string): string | undefined {
  const isSecret = previousKey === 'password' || previousKey === 'sslpassword'
  return isSecret ? `follows "${previousKey}", ${rule}` : undefined
}

/** Of pairs: a URI with another scheme, in quotes or behind a space is a key up to its first "=". */
function doubtAbout(key: string): string | undefined {
  return /^\w*$/.test(key)
    ? undefined
    : 'is no word; a URI must begin with "postgresql://" or "postgres://"'
}

function malformed(problem: string): TypeError {
  return optionError(TypeError, OPTION, `connection string: ${problem}`)
}

/**
 * `//` is gone already. The parts are cut at their separators first and percent-decoded after, so that a
 * host can hold a `/` as `%2F`:
 *
 *     [user[:password]@][host[:port],…][/dbname][?key=value&…]
 */
function parseUri(rest: string, store: Store): void {
  // Only an "@" before the first "/" ends a user; a "?" does not stop the search (as in libpq).
  const [beforePath = ''] = rest.split('/', 1)
  const at = beforePath.indexOf('@')
  if (at >= 0) {
    const credentials = beforePath.slice(0, at)
    const colon = credentials.indexOf(':')
    const user = colon < 0 ? credentials : credentials.slice(0, colon)
    const password = colon < 0 ? '' : credentials.slice(colon + 1)
    if (user !== '') store('user', decode(user, '"user"'))
    if (password !== '') store('password', decode(password, '"password"'))
  }
  const location = rest.slice(at + 1)
  const hosts: string[] = []
  const ports: string[] = []
  let end = -1
  do {
    const part = parseHost(location, end + 1)
    hosts.push(part.host)
    ports.push(part.port)
    end = part.end
  } while (location[end] === ',')
  // Lists are decoded as a whole: an escaped comma separates too. Nothing given leaves the environment's.
  if (hosts.join(',') !== '') store('host', decode(hosts.join(','), '"host"'))
  if (ports.join(',') !== '') store('port', decode(ports.join(','), '"port"'))
  const question = endOf(/\?/g, location, end)
  const name = location.slice(end + 1, question)
  if (name !== '') store('dbname', decode(name, '"dbname"'))
  parseQuery(location.slice(question + 1), store)
}

/** Reads `host[:port]` from `position`; `end` is where the separator behind it is, or the end of the text. */
function parseHost(text: string, position: number): { host: string; port: string; end: number } {
  let host: string
  let next: number
  if (text[position] === '[') {
    const close = text.indexOf(']', position)
    if (close < 0) throw malformed('the "[" of an IPv6 address has no "]"')
    host = text.slice(position + 1, close)
    if (host === '') throw malformed('an IPv6 address is empty')
    next = close + 1
    if (next < text.length && !/[:/?,]/.test(text.charAt(next))) {
      throw malformed('an IPv6 address is followed by something other than ":", "/", "?" or ","')
    }
  } else {
    next = endOf(/[:/?,]/g, text, position)
    host = text.slice(position, next)
    // libpq would look up the tail of the password as a host, and show it when that fails.
    if (host.includes('@')) {
      throw malformed('an "@" within user or password must be written as %40')
    }
  }
  if (text[next] !== ':') return { host, port: '', end: next }
  const end = endOf(/[/?,]/g, text, next + 1)
  return { host, port: text.slice(next + 1, end), end }
}

/** Where the global `pattern` first matches from `from` on, or the end of the text. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

function parseQuery(query: string, store: Store): void {
  const parameters = query.split('&')
  // A last "&" with nothing behind it is allowed.
  if (parameters.at(-1) === '') parameters.pop()
  // Credentials with a "/" and a "?" in them end here.
  const doubt = query.includes('@')
    ? 'stands before an "@"; in user and password "/" must be written as %2F and "?" as %3F'
    : undefined
  let previousKey = ''
  for (const [i, parameter] of parameters.entries()) {
    const [rawKey = '', rawValue, ...others] = parameter.split('=')
    const what = `parameter ${i + 1} behind the "?"`
    if (rawValue === undefined) throw malformed(`${what} has no "="`)
    if (others.length > 0) {
      throw malformed(`${what} has a second "=", which must be written as %3D`)
    }
    const key = decode(rawKey, what)
    const value = decode(rawValue, what)
    // The way JDBC asks for TLS, which libpq understands too.
    if (key === 'ssl' && value === 'true') store('sslmode', 'require')
    else store(key, value, doubtAfter(previousKey, 'in which "&" must be written as %26') ?? doubt)
    previousKey = key
  }
}

/**
 * Decodes %xx. Spaces around the text are dropped, and within it are an error: most likely the end of the
 * URI was missed (as in libpq 18).
 */
function decode(text: string, name: string): string {
  const trimmed = text.replace(/^ +|(?<! ) +$/g, '')
  if (trimmed.includes(' ')) {
    throw malformed(`${name} contains a space, which must be written as %20`)
  }
  // Escapes are bytes of UTF-8: a character may need several of them.
  const bytes: Buffer[] = []
  for (const part of trimmed.split(/(%.{0,2})/s)) {
    if (!part.startsWith('%')) bytes.push(Buffer.from(part))
    else if (/^%[0-9a-f]{2}$/i.test(part)) bytes.push(Buffer.from(part.slice(1), 'hex'))
    else throw malformed(`${name} has a "%" without two hexadecimal digits ("%" itself is %25)`)
  }
  try {
    return utf8.decode(Buffer.concat(bytes))
  } catch {
    // The cause would say no more.
    throw malformed(`${name} has escapes that are not UTF-8`)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads `key = value` pairs. */
function parsePairs(text: string, store: Store): void {
  let position = skipSpace(text, 0)
  let previousKey = ''
  while (position < text.length) {
    const end = endOf(/[= \t\n\r\f\v]/g, text, position)
    const equals = skipSpace(text, end)
    let doubt = doubtAfter(previousKey, 'whose value must be quoted if it contains spaces')
    if (text[equals] !== '=') {
      const hint = doubt === undefined ? '' : `, which ${doubt}`
      throw malformed(`there is no "=" behind the word at position ${position + 1}${hint}`)
    }
    const key = text.slice(position, end)
    doubt ??= doubtAbout(key)
    const what = doubt === undefined ? `of "${key}"` : `at position ${equals + 2}`
    const { value, next } = parseValue(text, skipSpace(text, equals + 1), what)
    store(key, value, doubt)
    previousKey = key
    position = skipSpace(text, next)
  }
}

/** Reads a value, in single quotes or up to white space; a backslash takes the next character as it is. */
function parseValue(text: string, start: number, what: string): { value: string; next: number } {
  const isQuoted = text[start] === "'"
  const pattern = isQuoted ? /'((?:[^'\\]|\\.)*)'/sy : /((?:[^\\ \t\n\r\f\v]|\\.|\\$)*)/sy
  pattern.lastIndex = start
  const [whole = '', escaped] = pattern.exec(text) ?? []
  if (escaped === undefined) throw malformed(`the quoted value ${what} has no end`)
  return { value: escaped.replaceAll(/\\(.?)/gs, '$1'), next: start + whole.length }
}

function skipSpace(text: string, from: number): number {
  return endOf(/[^ \t\n\r\f\v]/g, text, from)
}
