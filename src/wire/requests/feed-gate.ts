/**
 * Tells whoever feeds a request when data may be added and when they are of no use any more. The request
 * says what happens.
 */
export class FeedGate {
  readonly #isOpen: () => boolean
  #isDrained = true
  #isOver = false
  #wake: (() => void) | undefined
  #onOver: (() => void) | undefined

  /** @param isOpen whether the request takes data, as far as the server is concerned */
  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen
  }

  /** Whether no more data are of use. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether data may be added at once: {@link writable} without waiting. */
  get isWritableNow(): boolean {
    return this.#isDrained && this.#isOpen()
  }

  /** Waits until data may be added. False: they are of no use any more. To be called again only when it has settled. */
  async writable(): Promise<boolean> {
    while (!this.#isOver && !this.isWritableNow) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return !this.#isOver
  }

  /** Calls `listener` once when data become of no use; at once if they are. */
  set onOver(listener: (() => void) | undefined) {
    this.#onOver = listener
    if (this.#isOver) listener?.()
  }

  /** The request may take data now. */
  open(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  /** Something was sent; `isDrained` is what `wire.send()` gave. */
  onSent(isDrained: boolean): void {
    this.#isDrained = isDrained
  }

  /** The kernel has taken all. */
  onDrain(): void {
    this.#isDrained = true
    this.open()
  }

  /** The request is over, or takes no more. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.open()
    this.#onOver?.()
  }
}
