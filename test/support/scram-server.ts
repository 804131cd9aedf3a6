import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import type { Peer } from './scripted-server.js'
import { authentication, cstring } from './server-messages.js'

/** How a server deviates from SCRAM-SHA-256 as it should be. */
export interface ScramDeviation {
  /** What server-first says of them; the true number is 4,096. */
  readonly iterations?: string
  /** The signature it sends. Default: the true one. */
  readonly signature?: Buffer
}

export const SASL_REQUEST: Buffer = authentication(10, cstring('SCRAM-SHA-256'), Buffer.of(0))

/** Asks for SCRAM-SHA-256 and gives client-first without its header. */
export async function beginScram(peer: Peer): Promise<string> {
  peer.send(SASL_REQUEST)
  const { data } = await peer.read('Password')
  const text = String(data)
  // The name of the mechanism and its NUL, the length, and the header "n,,".
  return text.slice(text.indexOf('n,,') + 3)
}

/** Sends server-first and gives what it says. */
export function continueScram(peer: Peer, clientFirst: string, iterations = '4096'): string {
  const nonce = clientFirst.slice(clientFirst.indexOf('r=') + 2)
  const salt = randomBytes(16).toString('base64')
  const serverFirst = `r=${nonce}${randomBytes(9).toString('base64')},s=${salt},i=${iterations}`
  peer.send(authentication(11, Buffer.from(serverFirst)))
  return serverFirst
}

/** Has the client prove that it knows `password`, and proves the same. Throws when the client does not. */
export async function scram(
  peer: Peer,
  password: string,
  { iterations = '4096', signature }: ScramDeviation = {},
): Promise<void> {
  const clientFirst = await beginScram(peer)
  const serverFirst = continueScram(peer, clientFirst, iterations)
  const clientFinal = String((await peer.read('Password')).data)
  const [withoutProof = '', proof = ''] = clientFinal.split(',p=')

  const salt = Buffer.from(/s=([^,]*)/.exec(serverFirst)?.[1] ?? '', 'base64')
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256')
  const authMessage = `${clientFirst},${serverFirst},${withoutProof}`
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest()
  const clientSignature = hmac(storedKey, authMessage)
  const clientKey = Buffer.from(proof, 'base64').map((byte, i) => byte ^ (clientSignature[i] ?? 0))
  if (!createHash('sha256').update(clientKey).digest().equals(storedKey)) {
    throw new Error('the client does not know the password')
  }
  const trueSignature = hmac(hmac(salted, 'Server Key'), authMessage)
  const text = `v=${(signature ?? trueSignature).toString('base64')}`
  peer.send(authentication(12, Buffer.from(text)))
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
