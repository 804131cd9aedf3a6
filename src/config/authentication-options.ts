import type { GssProvider } from '../auth/gss.js'
import { parseRequireAuth, type RequireAuth } from '../auth/require-auth.js'
import { ScramKeyCache, type ScramKeys } from '../auth/scram-keys.js'
import { hide } from './hidden.js'
import { optionError } from './option-error.js'
import { string, wrongType } from './option-parsers.js'
import type { OptionParser } from './option-table.js'

const KEY_BYTES = 32

/** The option `requireAuth`. */
export const requireAuth: OptionParser<RequireAuth> = {
  fromText: (text, place) => {
    try {
      // The text is not empty here, so there is something required.
      return parseRequireAuth(text) as RequireAuth
    } catch (cause) {
      const problem = cause instanceof SyntaxError ? cause.message : 'it cannot be read'
      throw optionError(TypeError, place.option, `${place.label}: ${problem}`, cause)
    }
  },
  fromValue: (value, place) => requireAuth.fromText(string().fromValue(value, place), place),
}

/** A key of SCRAM: 32 bytes, or their base64. */
export const scramKey: OptionParser<Buffer> = {
  fromText: (text, place) => {
    const bytes = Buffer.from(text, 'base64')
    // Buffer skips what is not base64; only canonical text survives the way back.
    if (bytes.length === KEY_BYTES && bytes.toString('base64') === text) return bytes
    throw optionError(TypeError, place.option, `${place.label} is not ${KEY_BYTES} bytes in base64`)
  },
  fromValue: (value, place) => {
    if (typeof value === 'string') return scramKey.fromText(value, place)
    if (!(value instanceof Uint8Array)) {
      throw wrongType(place, 'a string in base64 or a Uint8Array', value)
    }
    if (value.byteLength === KEY_BYTES) return Buffer.from(value)
    throw optionError(
      RangeError,
      place.option,
      `${place.label} must have ${KEY_BYTES} bytes, not ${value.byteLength}`,
    )
  },
}

/** What the options say of SCRAM. */
export interface ScramConfig {
  readonly maxIterations: number
  /** In the place of a password. Not enumerable. */
  readonly keys: ScramKeys | undefined
  /** The keys derived so far. It shows nothing. */
  readonly cache: ScramKeyCache
}

/** What the options say of GSSAPI. */
export interface GssConfig {
  readonly provider: GssProvider | undefined
  readonly serviceName: string
}

/**
 * Puts together what the options say of SCRAM.
 * @throws {OptionError} when one of the two keys is missing
 */
export function resolveScram(values: {
  readonly scramMaxIterations: number
  readonly scramClientKey: Buffer | undefined
  readonly scramServerKey: Buffer | undefined
}): ScramConfig {
  const { scramMaxIterations, scramClientKey: clientKey, scramServerKey: serverKey } = values
  if ((clientKey === undefined) !== (serverKey === undefined)) {
    const [given, missing] =
      clientKey === undefined ? ['Server', 'Client'] : (['Client', 'Server'] as const)
    throw optionError(
      TypeError,
      `scram${missing}Key`,
      `scram${given}Key is given without scram${missing}Key: the one proves us, the other the server`,
    )
  }
  const keys =
    clientKey === undefined || serverKey === undefined ? undefined : { clientKey, serverKey }
  const cache = new ScramKeyCache()
  Object.freeze(cache)
  const config = { maxIterations: scramMaxIterations, cache }
  return Object.freeze(hide(config, 'keys', keys))
}
