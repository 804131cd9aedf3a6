import type { TraceConfig } from '../config/trace-option.js'
import { ProtocolTracer } from '../protocol/trace.js'
import type { Transport, TransportHandler } from '../transport/transport.js'

/** A transport between another and its handler, that shows a tracer all that passes. Loaded when it is wanted. */
export class TracedTransport implements Transport, TransportHandler {
  readonly #tracer: ProtocolTracer
  readonly #handler: TransportHandler
  readonly #transport: Transport

  /** @param open makes the transport; what arrives is for the handler that it is given */
  constructor(
    trace: TraceConfig,
    handler: TransportHandler,
    open: (handler: TransportHandler) => Transport,
  ) {
    this.#tracer = new ProtocolTracer(trace.stream, trace)
    this.#handler = handler
    this.#transport = open(this)
  }

  get encrypted(): boolean {
    return this.#transport.encrypted
  }

  get isWritten(): boolean {
    return this.#transport.isWritten
  }

  write(bytes: Buffer): boolean {
    this.#tracer.frontend(bytes)
    return this.#transport.write(bytes)
  }

  pause(): void {
    this.#transport.pause()
  }

  resume(): void {
    this.#transport.resume()
  }

  ref(): void {
    this.#transport.ref()
  }

  unref(): void {
    this.#transport.unref()
  }

  end(): void {
    this.#transport.end()
  }

  destroy(): void {
    this.#transport.destroy()
  }

  onData(chunk: Buffer, length: number): void {
    this.#tracer.backend(chunk.subarray(0, length))
    this.#handler.onData(chunk, length)
  }

  onDrain(): void {
    this.#handler.onDrain()
  }

  onClose(error: Error | undefined): void {
    this.#handler.onClose(error)
  }
}
