import { createHash } from 'node:crypto'

/**
 * The answer to AuthenticationMD5Password: `md5` and the hash, in hexadecimal, of the salt behind the hash
 * of password and user.
 *
 * @throws what `node:crypto` throws where MD5 is switched off (FIPS).
 * @see https://www.postgresql.org/docs/current/protocol-flow.html, "AuthenticationMD5Password"
 */
export function md5Password(user: string, password: string, salt: Uint8Array): string {
  const inner = md5(Buffer.from(password + user))
  return `md5${md5(Buffer.concat([Buffer.from(inner), salt]))}`
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
