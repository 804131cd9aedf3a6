/** What a server says during authentication, before it is trusted: SCRAM, OAUTHBEARER, its certificate. */
import { serverEndPoint } from '../../../build/auth/channel-binding.js'
import { OAuthExchange } from '../../../build/auth/oauth.js'
import { parseRequireAuth } from '../../../build/auth/require-auth.js'
import { beginScram, continueScram, verifyServerFinal } from '../../../build/auth/scram-sha-256.js'
import { AuthenticationError, ProtocolError } from '../../../build/base/errors.js'
import { mustBe } from '../outcome.mjs'

const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const keys = { clientKey: Buffer.alloc(32, 1), serverKey: Buffer.alloc(32, 2) }
const continued = { message: Buffer.alloc(0), serverSignature: Buffer.alloc(32, 3) }

/** The first byte says what the rest is. */
export async function fuzz(data) {
  const [kind = 0] = data
  const bytes = data.subarray(1)
  try {
    switch (kind % 5) {
      case 0:
        await continueScram(beginScram({ nonce: NONCE }), bytes, async () => keys)
        return
      case 1:
        verifyServerFinal(continued, bytes)
        return
      case 2:
        await new OAuthExchange(() => 'token', { user: 'u', host: 'h' }).continue(bytes)
        return
      case 3: {
        const binding = serverEndPoint(bytes)
        if (binding !== undefined && binding.length < 28) throw new Error('a hash too short')
        return
      }
      case 4:
        parseRequireAuth(bytes.toString())
        return
    }
  } catch (error) {
    mustBe(error, AuthenticationError, ProtocolError, SyntaxError)
  }
}
