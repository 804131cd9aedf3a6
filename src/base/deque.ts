const INITIAL_CAPACITY = 16

/**
 * A first-in first-out queue from whose middle items can be taken by their key.
 *
 * ```
 *            head             head + span
 *              v                   v
 *   items  |   | A |   | C | D |   |   |   |    span 5 (two holes), length 3
 *   keys   |   | 7 | 8 | 9 |10 |11 |   |   |    ascending from the head on
 * ```
 *
 * A ring: `push`, `peek` and `shift` cost O(1) and allocate only when it grows. `remove` leaves a
 * hole; the slot at the head is never one. A full ring that is at least half holes is compacted
 * instead of doubled, so a long-lived head does not let it grow without bound while others come and
 * go behind it. Removal costs O(1), or O(log n) once a compaction has moved the item.
 */
export class Deque<T extends object> {
  #items: (T | undefined)[] = new Array(INITIAL_CAPACITY).fill(undefined)
  #keys: number[] = new Array(INITIAL_CAPACITY).fill(0)
  #head = 0
  #span = 0
  #length = 0
  #nextKey = 1

  /** How many items are in the queue. */
  get length(): number {
    return this.#length
  }

  /** How many slots the ring has: room for items and holes. */
  get capacity(): number {
    return this.#items.length
  }

  /** Appends `item`. Returns its key for {@link remove}: a positive number, never given twice. */
  push(item: T): number {
    if (this.#span === this.#items.length) this.#makeRoom()
    const slot = this.#slot(this.#span)
    const key = this.#nextKey++
    this.#items[slot] = item
    this.#keys[slot] = key
    this.#span += 1
    this.#length += 1
    return key
  }

  /** The oldest item, which stays. */
  peek(): T | undefined {
    return this.#items[this.#head]
  }

  /** Takes the oldest item out. */
  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head] = undefined
    this.#length -= 1
    this.#skipHoles()
    return item
  }

  /** Takes out the item that `push` gave `key` for; `undefined` when it is no longer here. */
  remove(key: number): T | undefined {
    const offset = this.#find(key)
    if (offset < 0) return undefined
    const slot = this.#slot(offset)
    const item = this.#items[slot]
    if (item === undefined) return undefined
    this.#items[slot] = undefined
    this.#length -= 1
    if (offset === 0) this.#skipHoles()
    return item
  }

  /** Takes `item` out wherever it is; `false` when it is not here. Costs as much as there are older ones. */
  delete(item: T): boolean {
    for (let offset = 0; offset < this.#span; offset++) {
      const slot = this.#slot(offset)
      if (this.#items[slot] !== item) continue
      this.#items[slot] = undefined
      this.#length -= 1
      if (offset === 0) this.#skipHoles()
      return true
    }
    return false
  }

  /** The items, oldest first. The queue must not change while one iterates. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let offset = 0; offset < this.#span; offset++) {
      const item = this.#items[this.#slot(offset)]
      if (item !== undefined) yield item
    }
  }

  #slot(offset: number): number {
    // The capacity is a power of two.
    return (this.#head + offset) & (this.#items.length - 1)
  }

  #skipHoles(): void {
    while (this.#span > 0 && this.#items[this.#head] === undefined) {
      this.#head = this.#slot(1)
      this.#span -= 1
    }
  }

  #find(key: number): number {
    if (this.#span === 0) return -1
    // Without a compaction in between, keys count slots.
    const distance = key - (this.#keys[this.#head] ?? 0)
    if (distance < 0) return -1
    if (distance < this.#span && this.#keys[this.#slot(distance)] === key) return distance

    let low = 0
    let high = Math.min(distance, this.#span - 1)
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.#keys[this.#slot(middle)] ?? 0
      if (found === key) return middle
      if (found < key) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  #makeRoom(): void {
    const capacity = this.#items.length
    const isMostlyHoles = this.#length <= capacity / 2
    const newCapacity = isMostlyHoles ? capacity : capacity * 2
    const items: (T | undefined)[] = new Array(newCapacity).fill(undefined)
    const keys: number[] = new Array(newCapacity).fill(0)
    let length = 0
    for (let offset = 0; offset < this.#span; offset++) {
      const slot = this.#slot(offset)
      const item = this.#items[slot]
      if (item === undefined) continue
      items[length] = item
      keys[length] = this.#keys[slot] ?? 0
      length += 1
    }
    this.#items = items
    this.#keys = keys
    this.#head = 0
    this.#span = length
  }
}
