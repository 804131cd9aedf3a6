import { type FrontendMessage, FrontendReader } from './frontend-messages.js'
import type { MemoryTransport } from './memory-transport.js'

// Taken at once, so that fake timers do not stop it.
const { setImmediate } = globalThis

/** Lets everything happen that needs no more than promises. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * A server whose every word is the test's:
 *
 * ```ts
 * await backend.expect('Bind', 'Execute', 'Sync')
 * backend.send(bindComplete, commandComplete('SELECT 0'), readyForQuery())
 * ```
 */
export class FakeBackend {
  readonly #transport: MemoryTransport
  readonly #reader = new FrontendReader()
  #readWrites = 0

  constructor(transport: MemoryTransport) {
    this.#transport = transport
  }

  /** Waits until the client has said all it will for now, and gives what is new; it must be `names`. */
  async expect(...names: readonly string[]): Promise<FrontendMessage[]> {
    const messages = await this.expectAnything()
    const said = messages.map(({ name }) => name)
    if (said.join() !== names.join()) {
      throw new Error(`expected [${names.join(', ')}], but the client said [${said.join(', ')}]`)
    }
    return messages
  }

  /** Waits until the client has said all it will for now, and gives what is new, in whole messages. */
  async expectAnything(): Promise<FrontendMessage[]> {
    await settled()
    const writes = this.#transport.writes.slice(this.#readWrites)
    this.#readWrites = this.#transport.writes.length
    const messages = writes.flatMap((bytes) => this.#reader.read(bytes))
    if (this.#reader.incompleteBytes > 0) {
      throw new Error(`the client said ${this.#reader.incompleteBytes} bytes of no whole message`)
    }
    return messages
  }

  /** Sends messages in one chunk. */
  send(...messages: readonly Uint8Array[]): void {
    this.#transport.receive(Buffer.concat(messages))
  }
}
