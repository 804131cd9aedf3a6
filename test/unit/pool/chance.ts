/** A repeatable stream of chance (mulberry32). */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A number from 0 to 1, 1 excluded. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `end`, `end` excluded. */
  integer(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** One of the values; undefined of none. */
  pick<const V extends readonly unknown[]>(values: V): V[number] {
    return values[this.integer(values.length)]
  }

  /** One of the entries, each as often as its weight says. */
  pickWeighted<T extends readonly [weight: number, ...rest: unknown[]]>(entries: readonly T[]): T {
    const total = entries.reduce((sum, [weight]) => sum + weight, 0)
    let left = this.next() * total
    for (const entry of entries) {
      left -= entry[0]
      if (left < 0) return entry
    }
    throw new Error('there is nothing to pick')
  }
}

/** @throws {Error} with the complaint if something does not hold. */
export function check(holds: boolean, complaint: string): void {
  if (!holds) throw new Error(complaint)
}
