import { ConnectionClosedError, type ConnectPhase } from '../base/errors.js'

/** What became of a connection, for the errors of those who still want it. */
export class ConnectionFate {
  readonly #address: string
  #fate = 'is closed'
  #cause: Error | undefined

  constructor(address: string) {
    this.#address = address
  }

  /** It was lost, which nobody wanted. */
  onLost(cause: Error | undefined): void {
    this.#fate = `was lost: ${cause?.message ?? 'the server closed it'}`
    this.#cause = cause
  }

  /** @param written whether the server may have seen the request that this is for. */
  error(written: boolean, phase: ConnectPhase): ConnectionClosedError {
    return new ConnectionClosedError(`the connection to ${this.#address} ${this.#fate}`, {
      phase,
      address: this.#address,
      safeToRetry: !written,
      ...(this.#cause !== undefined && { cause: this.#cause }),
    })
  }
}
