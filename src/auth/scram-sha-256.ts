import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { AuthenticationError, ProtocolError } from '../base/errors.js'
import type { ScramKeys } from './scram-keys.js'

/*
 * The client of SCRAM-SHA-256 (RFC 5802, RFC 7677) as three steps without state of their own:
 *
 *   beginScram()          → client-first            sent
 *   continueScram()       server-first  received → client-final  sent
 *   verifyServerFinal()   server-final  received → the server is proven to know the password
 */

const KEY_BYTES = 32
const NONCE_BYTES = 18

/** The name of the mechanism in AuthenticationSASL. */
export const SCRAM_SHA_256 = 'SCRAM-SHA-256'

/** Its name where it is bound to the TLS connection. */
export const SCRAM_SHA_256_PLUS = 'SCRAM-SHA-256-PLUS'

/** The largest iteration count accepted unless told otherwise: a server must not burn our CPU at will. */
export const DEFAULT_MAX_ITERATIONS = 100_000

/**
 * What client-first says of channel binding (RFC 5802, section 6): `n`, not supported here; `y`, supported
 * here but not offered by the server; `p`, used, `data` being the binding of the type `type`.
 */
export type ChannelBinding =
  | { readonly flag: 'n' | 'y' }
  | { readonly flag: 'p'; readonly type: string; readonly data: Uint8Array }

/** Gives the keys for the salt and the iteration count that the server named. */
export type KeySource = (salt: Buffer, iterations: number) => Promise<ScramKeys>

/** What {@link beginScram} takes. */
export interface ScramOptions {
  /** Default: 18 random bytes in base64. Printable ASCII without a comma. */
  readonly nonce?: string
  /** Default none: PostgreSQL takes the user of the startup message and ignores this one. */
  readonly user?: string
  /** Default `n`. */
  readonly channelBinding?: ChannelBinding
}

/** The exchange after the first step. */
export interface ScramBegun {
  /** client-first, to be sent in SASLInitialResponse. */
  readonly message: Buffer
  readonly bare: string
  readonly nonce: string
  /** GS2 header and channel binding data, which client-final repeats in base64. */
  readonly bindingInput: Buffer
}

/** The exchange after the second step. */
export interface ScramContinued {
  /** client-final, to be sent in SASLResponse. */
  readonly message: Buffer
  /** What only a server that knows the password's verifier can send back. */
  readonly serverSignature: Buffer
}

/** Makes client-first. */
export function beginScram(options: ScramOptions = {}): ScramBegun {
  const binding = options.channelBinding ?? { flag: 'n' }
  const nonce = options.nonce ?? randomBytes(NONCE_BYTES).toString('base64')
  const user = (options.user ?? '').replaceAll('=', '=3D').replaceAll(',', '=2C')
  const header = binding.flag === 'p' ? `p=${binding.type},,` : `${binding.flag},,`
  const bare = `n=${user},r=${nonce}`
  return {
    message: Buffer.from(header + bare),
    bare,
    nonce,
    bindingInput: Buffer.concat([
      Buffer.from(header),
      binding.flag === 'p' ? binding.data : Buffer.alloc(0),
    ]),
  }
}

/**
 * Reads server-first and makes client-final, with the proof that we know the password.
 *
 * @throws {ProtocolError} (as a rejection) when server-first is malformed or its nonce is not ours continued.
 * @throws {AuthenticationError} (as a rejection) when it asks for more than `maxIterations` iterations.
 */
export async function continueScram(
  begun: ScramBegun,
  serverFirst: Uint8Array,
  keySource: KeySource,
  maxIterations: number = DEFAULT_MAX_ITERATIONS,
): Promise<ScramContinued> {
  const text = readText(serverFirst)
  const { nonce, salt, iterations } = readServerFirst(text)
  if (!nonce.startsWith(begun.nonce) || nonce.length === begun.nonce.length) {
    throw malformed('the nonce does not continue ours')
  }
  if (iterations > maxIterations) {
    throw new AuthenticationError(
      `the server asks for ${iterations} iterations of ${SCRAM_SHA_256}, more than the ${maxIterations} allowed`,
    )
  }
  const { clientKey, serverKey } = await keySource(salt, iterations)
  const withoutProof = `c=${begun.bindingInput.toString('base64')},r=${nonce}`
  const authMessage = `${begun.bare},${text},${withoutProof}`
  const clientSignature = hmac(createHash('sha256').update(clientKey).digest(), authMessage)
  const proof = clientKey.map((byte, i) => byte ^ (clientSignature[i] ?? 0))
  return {
    message: Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`),
    serverSignature: hmac(serverKey, authMessage),
  }
}

/**
 * Verifies server-final. When it returns, the server has proven that it knows the password's verifier.
 *
 * @throws {ProtocolError} when server-final is malformed.
 * @throws {AuthenticationError} when the proof is wrong, or when the server reports an error instead.
 */
export function verifyServerFinal(continued: ScramContinued, serverFinal: Uint8Array): void {
  const text = readText(serverFinal)
  const error = /^e=([\x21-\x2b\x2d-\x7e]+)$/.exec(text)?.[1]
  if (error !== undefined) {
    throw new AuthenticationError(
      `${SCRAM_SHA_256} failed, the server says: ${error.slice(0, 100)}`,
    )
  }
  const signature = decodeBase64(/^v=([^,]*)$/.exec(text)?.[1], 'signature')
  if (signature.length !== KEY_BYTES) throw malformed(`a signature of ${signature.length} bytes`)
  if (!timingSafeEqual(signature, continued.serverSignature)) {
    throw new AuthenticationError(
      'the server could not prove that it knows the password: it is not the server it claims to be',
    )
  }
}

/** No extensions: PostgreSQL sends none, and libpq refuses them too (read_server_first_message). */
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([^,]+),i=([1-9][0-9]{0,9})$/

function readServerFirst(text: string): { nonce: string; salt: Buffer; iterations: number } {
  const [, nonce, salt, iterations] = SERVER_FIRST.exec(text) ?? []
  if (nonce === undefined) throw malformed('not of the form r=…,s=…,i=…')
  return { nonce, salt: decodeBase64(salt, 'salt'), iterations: Number(iterations) }
}

function readText(bytes: Uint8Array): string {
  // One character per byte: what is legal here is ASCII, and anything else fails the patterns above.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function decodeBase64(text: string | undefined, what: string): Buffer {
  const bytes = Buffer.from(text ?? '', 'base64')
  // Buffer skips what is not base64; only canonical text survives the way back.
  if (bytes.length === 0 || bytes.toString('base64') !== text) throw malformed(`no valid ${what}`)
  return bytes
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function malformed(what: string): ProtocolError {
  return new ProtocolError(`malformed ${SCRAM_SHA_256} message of the server: ${what}`)
}
