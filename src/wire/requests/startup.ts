import type { AuthenticationReply, Authenticator } from '../../auth/authenticator.js'
import { readAuthentication, readBackendKeyData } from '../../protocol/backend.js'
import {
  PROTOCOL_3_0,
  writePassword,
  writeSaslInitialResponse,
  writeSaslResponse,
  writeStartup,
} from '../../protocol/frontend.js'
import { type AuthenticationRequest, Backend } from '../../protocol/messages.js'
import { PromiseRequest, unexpectedMessage, type Wire } from '../request.js'

/** The first request of every connection: startup and authentication, until the session is ready. */
export class StartupRequest extends PromiseRequest<void> {
  readonly exclusive = true
  readonly changesSession = false
  protected readonly queryText = undefined
  readonly #parameters: Readonly<Record<string, string>>
  readonly #authenticator: Authenticator
  #wire: Wire | undefined
  #progress: 'authenticating' | 'answering' | 'authenticated' = 'authenticating'

  constructor(parameters: Readonly<Record<string, string>>, authenticator: Authenticator) {
    super()
    this.#parameters = parameters
    this.#authenticator = authenticator
  }

  write(wire: Wire): void {
    this.#wire = wire
    writeStartup(wire.out, PROTOCOL_3_0, this.#parameters)
  }

  onMessage(code: number, buf: Buffer, start: number, end: number): void {
    switch (code) {
      case Backend.Authentication:
        if (this.#progress !== 'authenticating') throw unexpectedMessage(code, 'startup')
        this.#answer(readAuthentication(buf, start, end))
        return
      case Backend.BackendKeyData:
        if (this.#progress !== 'authenticated') throw unexpectedMessage(code, 'authentication')
        if (this.#wire !== undefined) this.#wire.session.key = readBackendKeyData(buf, start, end)
        return
      default:
        throw unexpectedMessage(code, 'startup')
    }
  }

  protected get isAnswered(): boolean {
    return this.#progress === 'authenticated'
  }

  protected result(): void {}

  #answer(request: AuthenticationRequest): void {
    let reply: AuthenticationReply | Promise<AuthenticationReply> | undefined
    try {
      reply = this.#authenticator.answer(request)
    } catch (error) {
      this.onRefused(error)
      return
    }
    if (request.kind === 'ok') this.#progress = 'authenticated'
    if (!(reply instanceof Promise)) {
      this.#send(reply)
      return
    }
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
    }
    wire.flush()
  }
}
