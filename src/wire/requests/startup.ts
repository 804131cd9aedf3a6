import type { Authenticator } from '../../auth/authenticator.js'
import type { AuthenticationReply } from '../../auth/exchange.js'
import { ConnectionError, ProtocolError, type ServerMessageFields } from '../../base/errors.js'
import {
  readAuthentication,
  readBackendKeyData,
  readNegotiateProtocolVersion,
} from '../../protocol/backend.js'
import {
  PROTOCOL_3_0,
  writeGssResponse,
  writePassword,
  writeSaslInitialResponse,
  writeSaslResponse,
  writeStartup,
} from '../../protocol/frontend.js'
import {
  type AuthenticationRequest,
  Backend,
  type ProtocolNegotiation,
} from '../../protocol/messages.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'

/** Which minor versions of protocol 3 will do: 0, or 2 (there is no 3.1). */
export interface MinorVersions {
  readonly min: number
  /** The one asked for. */
  readonly max: number
}

/** The length of a cancel key in protocol 3.0. */
const SHORT_KEY_BYTES = 4

/** The first request of every connection: startup and authentication, until the session is ready. */
export class StartupRequest extends PromiseRequest<void> {
  readonly exclusive = true
  readonly changesSession = false
  protected readonly queryText = undefined
  readonly #parameters: Readonly<Record<string, string>>
  readonly #versions: MinorVersions
  readonly #authenticator: Authenticator
  #wire: Wire | undefined
  #progress: 'asked' | 'authenticating' | 'answering' | 'authenticated' = 'asked'
  #isNegotiated = false

  constructor(
    parameters: Readonly<Record<string, string>>,
    versions: MinorVersions,
    authenticator: Authenticator,
  ) {
    super()
    this.#parameters = parameters
    this.#versions = versions
    this.#authenticator = authenticator
  }

  /** Whether the server has said anything that a version of the protocol is needed for. */
  get isUnderstood(): boolean {
    return this.#isNegotiated || this.#progress !== 'asked'
  }

  write(wire: Wire): void {
    this.#wire = wire
    wire.session.minorVersion = this.#versions.max
    writeStartup(wire.out, PROTOCOL_3_0 + this.#versions.max, this.#parameters)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    switch (code) {
      case Backend.Authentication:
        if (this.#progress === 'answering' || this.#progress === 'authenticated') {
          throw unexpectedMessage(code, 'startup')
        }
        this.#progress = 'authenticating'
        this.#answer(readAuthentication(buf, start, end))
        return
      case Backend.NegotiateProtocolVersion:
        if (this.isUnderstood) throw unexpectedMessage(code, 'startup')
        this.#isNegotiated = true
        this.#negotiate(readNegotiateProtocolVersion(buf, start, end))
        return
      case Backend.BackendKeyData:
        if (this.#progress !== 'authenticated') throw unexpectedMessage(code, 'authentication')
        this.#keepKey(buf, start, end)
        return
      default:
        throw unexpectedMessage(code, 'startup')
    }
  }

  override onServerError(fields: ServerMessageFields): void {
    this.#authenticator.fail()
    super.onServerError(fields)
  }

  override onLost(error: Error): void {
    this.#authenticator.fail()
    super.onLost(error)
  }

  override onRefused(error: unknown): void {
    this.#authenticator.fail()
    super.onRefused(error)
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'authenticated'
  }

  protected result(): void {}

  /**
   * The server has an older version, or does not know an option of the protocol.
   * @see pqGetNegotiateProtocolVersion3 in src/interfaces/libpq/fe-protocol3.c
   */
  #negotiate({ minorVersion, unknownOptions }: ProtocolNegotiation): void {
    const { min, max } = this.#versions
    if (minorVersion > max || minorVersion === 1) {
      throw new ProtocolError(`the server answers protocol 3.${max} with 3.${minorVersion}`)
    }
    // None was sent; these are names that the server made up.
    if (unknownOptions.length > 0) {
      throw new ProtocolError(
        `the server refuses ${unknownOptions.length} options of the protocol that were not asked for`,
      )
    }
    if (minorVersion === max) throw new ProtocolError('the server negotiates without a reason')
    if (minorVersion < min) {
      this.onRefused(
        new ConnectionError(
          `the server speaks protocol 3.${minorVersion} at most, and minProtocolVersion is 3.${min}`,
          { phase: 'startup' },
        ),
      )
      return
    }
    if (this.#wire !== undefined) this.#wire.session.minorVersion = minorVersion
  }

  #keepKey(buf: Buffer, start: number, end: number): void {
    const session = this.#wire?.session
    if (session === undefined) return
    const key = readBackendKeyData(buf, start, end)
    const { length } = key.secretKey
    if (session.minorVersion === 0 && length !== SHORT_KEY_BYTES) {
      throw new ProtocolError(`a cancel key of ${length} bytes in protocol 3.0, where it has 4`)
    }
    session.key = key
  }

  #answer(request: AuthenticationRequest): void {
    let reply: Promise<AuthenticationReply | undefined> | undefined
    try {
      reply = this.#authenticator.answer(request)
    } catch (error) {
      this.onRefused(error)
      return
    }
    if (request.kind === 'ok') this.#progress = 'authenticated'
    if (reply === undefined) return
    this.#progress = 'answering'
    reply
      .then((message) => {
        this.#progress = 'authenticating'
        this.#send(message)
      })
      .catch((error: unknown) => this.onRefused(error))
  }

  #send(reply: AuthenticationReply | undefined): void {
    const wire = this.#wire
    if (reply === undefined || wire === undefined) return
    switch (reply.kind) {
      case 'password':
        writePassword(wire.out, reply.password)
        break
      case 'sasl-initial':
        writeSaslInitialResponse(wire.out, reply.mechanism, reply.data)
        break
      case 'sasl-response':
        writeSaslResponse(wire.out, reply.data)
        break
      case 'gss-response':
        writeGssResponse(wire.out, reply.data)
        break
    }
    wire.flush()
  }
}
