import type { Transport, TransportHandler } from '../../src/transport/transport.js'

/** Garbage for windows whose time is over, so that whoever keeps one gets caught. */
const STALE = 0xa5

/**
 * A {@link Transport} without any I/O. It keeps what is written; the test plays the kernel and the
 * server. As with a socket nothing reaches the handler once it was destroyed but `onClose`, which comes
 * later and once.
 */
export class MemoryTransport implements Transport {
  readonly encrypted: boolean
  /** Each write by itself. */
  readonly writes: Buffer[] = []
  /** Every call other than writes, in order. */
  readonly calls: ('end' | 'destroy' | 'pause' | 'resume')[] = []
  /** What `write` answers: whether the kernel took all. */
  isAccepting = true
  readonly #handler: TransportHandler
  #isOpen = true
  #isClosed = false

  constructor(handler: TransportHandler, encrypted = false) {
    this.#handler = handler
    this.encrypted = encrypted
  }

  get isDestroyed(): boolean {
    return this.calls.includes('destroy')
  }

  get hasEnded(): boolean {
    return this.calls.includes('end')
  }

  get isWritten(): boolean {
    return this.isAccepting
  }

  write(bytes: Buffer): boolean {
    if (!this.#isOpen) throw new Error('a write after the end')
    // What the kernel has taken may be overwritten, and nothing else.
    this.writes.push(this.isAccepting ? Buffer.from(bytes) : bytes)
    return this.isAccepting
  }

  pause(): void {
    this.calls.push('pause')
  }

  resume(): void {
    this.calls.push('resume')
  }

  ref(): void {}

  unref(): void {}

  end(): void {
    this.calls.push('end')
    this.#isOpen = false
  }

  destroy(): void {
    this.calls.push('destroy')
    this.#isOpen = false
    queueMicrotask(() => this.close())
  }

  /** Bytes arrive. */
  receive(bytes: Uint8Array): void {
    if (this.#isClosed || this.isDestroyed) return
    const chunk = Buffer.from(bytes)
    this.#handler.onData(chunk, chunk.length)
    chunk.fill(STALE)
  }

  /** The kernel has taken all that was written. */
  drain(): void {
    this.isAccepting = true
    this.#handler.onDrain()
  }

  /** The connection is gone, because of `error` if anything was wrong. */
  close(error?: Error): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#isOpen = false
    this.#handler.onClose(error)
  }
}
