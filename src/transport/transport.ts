/** A connected byte stream to a server. */
export interface Transport {
  /** Whether TLS protects it. */
  readonly encrypted: boolean
  /** Whether the kernel took all that was written, so that the memory may be used again. */
  readonly isWritten: boolean
  /** False: the kernel did not take it all; write nothing more until `onDrain`. `bytes` are kept until they are sent. */
  write(bytes: Buffer): boolean
  /** Reads no more, so that the peer has to wait; what was read already may still reach the handler. Again does nothing. */
  pause(): void
  /** Reads on after {@link pause}. */
  resume(): void
  /** Keeps the process alive while it is open, as at first. */
  ref(): void
  /** Lets the process exit while it is open. */
  unref(): void
  /** Sends what is written and closes the sending side. */
  end(): void
  /** Closes at once; what is not yet sent is lost. */
  destroy(): void
}

/** What a transport tells its owner. */
export interface TransportHandler {
  /** What was read is `chunk[0, length)`, the owner's during the call only. */
  onData(chunk: Buffer, length: number): void
  onDrain(): void
  /** Exactly once, and nothing after it. `error` is what broke the connection, if anything did. */
  onClose(error: Error | undefined): void
}
