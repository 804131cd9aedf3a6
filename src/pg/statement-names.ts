/** A statement that goes, and the one that comes. */
export interface NamedStatement {
  readonly name: string
  /** To be closed on the server: used longest ago, of more than there may be. */
  readonly evicted: string | undefined
}

/** Names for the statements of one connection that have none, so that each is parsed once. */
export class StatementNames {
  /** By text, used longest ago first. */
  readonly #names = new Map<string, string>()
  readonly #size: number
  #count = 0

  /** @param size Most statements that are kept; 0 gives no names. */
  constructor(size: number) {
    this.#size = size
  }

  /** The name for a text, or undefined if statements are not kept. */
  nameOf(text: string): NamedStatement | undefined {
    if (this.#size <= 0) return undefined
    const known = this.#names.get(text)
    let evicted: string | undefined
    if (known !== undefined) {
      this.#names.delete(text)
    } else if (this.#names.size >= this.#size) {
      const [oldest] = this.#names.keys()
      evicted = this.#names.get(oldest as string)
      this.#names.delete(oldest as string)
    }
    const name = known ?? `sluice_${++this.#count}`
    this.#names.set(text, name)
    return { name, evicted }
  }
}
