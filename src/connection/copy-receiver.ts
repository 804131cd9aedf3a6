import type { CopyReceiver } from '../wire/requests/copy-out.js'

/** What one read of a socket gives at most, in bytes. */
const CHUNK_BYTES = 64 * 1024

/** Gathers the data of a read in one buffer, which is its taker's to keep. */
export class BytesReceiver implements CopyReceiver<Buffer> {
  #buf: Buffer | undefined
  #length = 0

  onData(buf: Buffer, start: number, end: number): void {
    const length = this.#length + end - start
    if (this.#buf === undefined || length > this.#buf.length) this.#grow(length)
    if (this.#buf !== undefined) buf.copy(this.#buf, this.#length, start, end)
    this.#length = length
  }

  takeChunk(): Buffer | undefined {
    const chunk = this.#buf?.subarray(0, this.#length)
    this.#buf = undefined
    this.#length = 0
    return chunk
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, length * 2 - CHUNK_BYTES, length))
    this.#buf?.copy(grown, 0, 0, this.#length)
    this.#buf = grown
  }
}
