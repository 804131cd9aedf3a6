import { UsageError } from '../support/options.js'
import type { LeftOut } from './result.js'
import { type Route, routeName } from './route.js'
import {
  type ConnectionFacts,
  inspect,
  type Target,
  type Transport,
  transportOf,
} from './target.js'

/**
 * The server of a DSN, by every transport that the DSN allows and the server offers. What the DSN
 * demands is never weakened: a password that it wants under TLS is not sent without.
 *
 * @throws {UsageError} if the DSN itself is wrong.
 * @throws {Error} if the server cannot be reached as the DSN says.
 */
export async function dsnTarget(dsn: string, signal: AbortSignal): Promise<Target> {
  let given: ConnectionFacts
  try {
    given = await inspect(dsn, signal)
  } catch (cause) {
    signal.throwIfAborted()
    if (isOptionError(cause)) throw new UsageError(`--dsn: ${messageOf(cause)}`, { cause })
    throw new Error(`cannot reach the server: ${messageOf(cause)}`, { cause })
  }
  const { transports, leftOut } = given.address.startsWith('/')
    ? { transports: [transportOf(dsn, 'none', given)], leftOut: ONLY_UNIX }
    : await tcpTransports(dsn, given, signal)
  return {
    server: given.server,
    origin: 'named by a DSN',
    transports,
    leftOut,
    room: given.room,
    async close() {}, // It is not ours.
  }
}

const ONLY_UNIX: readonly LeftOut[] = [
  { transport: 'tcp', reason: 'the DSN names a Unix socket' },
  { transport: 'tcp-tls', reason: 'the DSN names a Unix socket' },
  { transport: 'tcp-tls-direct', reason: 'the DSN names a Unix socket' },
]

async function tcpTransports(
  dsn: string,
  given: ConnectionFacts,
  signal: AbortSignal,
): Promise<{ transports: Transport[]; leftOut: LeftOut[] }> {
  const transports: Transport[] = []
  const leftOut: LeftOut[] = [{ transport: 'unix', reason: 'the DSN names a TCP host' }]
  for (const tls of ['none', 'negotiated', 'direct'] as const) {
    const variant = variantOf(dsn, tls, given)
    const transport = routeName({ path: 'tcp', tls, auth: null })
    if ('reason' in variant) {
      leftOut.push({ transport, reason: variant.reason })
      continue
    }
    try {
      transports.push(transportOf(variant.dsn, tls, await inspect(variant.dsn, signal)))
    } catch (error) {
      signal.throwIfAborted()
      leftOut.push({ transport, reason: messageOf(error) })
    }
  }
  if (transports.length === 0) throw new Error('the server took no second connection')
  return { transports, leftOut }
}

const DEMANDS_TLS = new Set(['require', 'verify-ca', 'verify-full'])

function variantOf(
  dsn: string,
  tls: Route['tls'],
  { majorVersion, server }: ConnectionFacts,
): { dsn: string } | { reason: string } {
  const { PGSSLMODE } = process.env
  const sslmode = parameterOf(dsn, 'sslmode') ?? PGSSLMODE ?? 'prefer'
  if (tls === 'none') {
    if (DEMANDS_TLS.has(sslmode)) return { reason: `the DSN demands TLS (sslmode=${sslmode})` }
    return { dsn: withParameters(dsn, { sslmode: 'disable', sslnegotiation: 'postgres' }) }
  }
  if (sslmode === 'disable') return { reason: 'the DSN forbids TLS (sslmode=disable)' }
  if (tls === 'direct' && majorVersion < 17) {
    return { reason: `${server} has no direct TLS negotiation; 17 brought it` }
  }
  return {
    dsn: withParameters(dsn, {
      sslmode: DEMANDS_TLS.has(sslmode) ? sslmode : 'require',
      sslnegotiation: tls === 'direct' ? 'direct' : 'postgres',
    }),
  }
}

const IS_URI = /^postgres(?:ql)?:\/\//

function parameterOf(dsn: string, name: string): string | undefined {
  const pattern = IS_URI.test(dsn) ? `[?&]${name}=([^&]*)` : `(?:^|\\s)${name}\\s*=\\s*'?([\\w-]*)`
  return new RegExp(pattern).exec(dsn)?.[1]
}

/** The DSN with these parameters in place of its own. */
export function withParameters(dsn: string, parameters: Readonly<Record<string, string>>): string {
  let changed = dsn
  for (const [name, value] of Object.entries(parameters)) {
    if (!IS_URI.test(dsn)) {
      changed += ` ${name}=${value}` // Of a keyword given twice the later one counts.
      continue
    }
    changed = changed.replace(new RegExp(`([?&])${name}=[^&]*&?`), '$1').replace(/[?&]$/, '')
    changed += `${changed.includes('?') ? '&' : '?'}${name}=${value}`
  }
  return changed
}

function isOptionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SLUICE_OPTION'
}

// A connect that tried several addresses lists them, one per line.
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/:\n\s*/g, ': ').replace(/\s*\n\s*/g, '; ')
}
