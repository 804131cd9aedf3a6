import type { AuthMethod } from './require-auth.js'

/** What to send back: PasswordMessage, SASLInitialResponse, SASLResponse or GSSResponse. */
export type AuthenticationReply =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'sasl-initial'; readonly mechanism: string; readonly data: Uint8Array }
  | { readonly kind: 'sasl-response'; readonly data: Uint8Array }
  | { readonly kind: 'gss-response'; readonly data: Uint8Array }

/** A method of authentication that takes several messages, under way. */
export interface Exchange {
  readonly method: AuthMethod
  /** Which messages carry it on: AuthenticationSASLContinue or AuthenticationGSSContinue. */
  readonly family: 'sasl' | 'gss'
  /** Whether the server has proven that it is the end of this very TLS connection. */
  readonly isChannelBound: boolean
  /** Makes the first answer. */
  begin(): Promise<AuthenticationReply>
  /** Answers the server's next message; undefined when there is nothing to say. */
  continue(data: Uint8Array): Promise<AuthenticationReply | undefined>
  /** Judges the server's last message of SASL. */
  finish(data: Uint8Array): void
  /** Judges whether AuthenticationOk may come now, and throws why it may not. */
  accept(): void
  /** It has come to nothing. */
  fail(): void
}
