import { createHmac, pbkdf2, randomBytes } from 'node:crypto'

const KEY_BYTES = 32

/** What SCRAM needs of a password. They depend on password, salt and iteration count only. Secret. */
export interface ScramKeys {
  readonly clientKey: Buffer
  readonly serverKey: Buffer
}

/** PBKDF2 with HMAC-SHA-256. */
export type Pbkdf2 = (
  password: string,
  salt: Buffer,
  iterations: number,
  keyBytes: number,
) => Promise<Buffer>

/** Passwords that SASLprep leaves as they are. */
const PLAIN_PASSWORD = /^[ -~]*$/

/** Derives the keys of a password; `password` is prepared here with SASLprep. */
export async function deriveScramKeys(
  password: string,
  salt: Buffer,
  iterations: number,
  derive: Pbkdf2 = pbkdf2OnThreadPool,
): Promise<ScramKeys> {
  const prepared = PLAIN_PASSWORD.test(password)
    ? password
    : (await import('./saslprep.js')).saslprep(password)
  const saltedPassword = await derive(prepared, salt, iterations, KEY_BYTES)
  return {
    clientKey: hmac(saltedPassword, 'Client Key'),
    serverKey: hmac(saltedPassword, 'Server Key'),
  }
}

// About 1 ms at PostgreSQL's 4,096 iterations: too long for the event loop, nothing on the thread pool.
const pbkdf2OnThreadPool: Pbkdf2 = (password, salt, iterations, keyBytes) =>
  new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, keyBytes, 'sha256', (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })

/** Servers of one configuration share a verifier, or are few; a server with ever new salts gains nothing. */
const MAX_ENTRIES = 16

/**
 * The keys of one user's password, derived once per password, salt and iteration count, also when several
 * connections ask at once. It holds no password, and shows nothing of what it holds.
 */
export class ScramKeyCache {
  readonly #derive: Pbkdf2
  /** Makes names of passwords that nobody can make backwards or compare with those of another cache. */
  readonly #nameKey = randomBytes(KEY_BYTES)
  readonly #entries = new Map<string, Promise<ScramKeys>>()
  #passwordName = ''

  constructor(derive: Pbkdf2 = pbkdf2OnThreadPool) {
    this.#derive = derive
  }

  /** How many keys are held. */
  get size(): number {
    return this.#entries.size
  }

  /** Gives the keys. A password other than the last one makes it forget the keys of that. */
  get(password: string, salt: Buffer, iterations: number): Promise<ScramKeys> {
    const passwordName = hmac(this.#nameKey, password).toString('base64')
    if (passwordName !== this.#passwordName) {
      this.#entries.clear()
      this.#passwordName = passwordName
    }
    const name = entryName(salt, iterations)
    const known = this.#entries.get(name)
    if (known !== undefined) return known
    const keys = deriveScramKeys(password, salt, iterations, this.#derive)
    if (this.#entries.size >= MAX_ENTRIES)
      this.#entries.delete(this.#entries.keys().next().value ?? '')
    this.#entries.set(name, keys)
    keys.catch(() => this.#entries.delete(name))
    return keys
  }

  /** Forgets the keys for a salt and an iteration count, with which somebody was not let in. */
  drop(salt: Buffer, iterations: number): void {
    this.#entries.delete(entryName(salt, iterations))
  }
}

function entryName(salt: Buffer, iterations: number): string {
  return `${iterations}:${salt.toString('base64')}`
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
