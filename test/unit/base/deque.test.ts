import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Deque } from '../../../src/base/deque.js'

interface Item {
  readonly id: number
}

function filled(count: number): { deque: Deque<Item>; keys: number[] } {
  const deque = new Deque<Item>()
  const keys = Array.from({ length: count }, (_, id) => deque.push({ id }))
  return { deque, keys }
}

const ids = (deque: Deque<Item>): number[] => [...deque].map((item) => item.id)

describe('Deque', () => {
  test('is empty at first', () => {
    const deque = new Deque<Item>()
    expect([deque.length, deque.peek(), deque.shift(), deque.remove(1), ids(deque)]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      [],
    ])
  })

  test('gives items back in the order they came in', () => {
    const { deque } = filled(100)
    expect(Array.from({ length: 100 }, () => deque.shift()?.id)).toEqual(
      Array.from({ length: 100 }, (_, id) => id),
    )
  })

  test('peek shows the oldest item and leaves it', () => {
    const { deque } = filled(3)
    deque.shift()
    expect([deque.peek()?.id, deque.length]).toEqual([1, 2])
  })

  test('gives every item another positive key', () => {
    const { keys } = filled(50)
    expect(new Set(keys.filter((key) => key > 0)).size).toBe(50)
  })

  test('an item taken from the middle is gone', () => {
    const { deque, keys } = filled(5)
    expect(deque.remove(keys[2] ?? 0)?.id).toBe(2)
    expect([ids(deque), deque.length]).toEqual([[0, 1, 3, 4], 4])
  })

  test('when the oldest is taken, the next that is left becomes the oldest', () => {
    const { deque, keys } = filled(4)
    deque.remove(keys[1] ?? 0)
    deque.remove(keys[0] ?? 0)
    expect(deque.peek()?.id).toBe(2)
  })

  for (const [name, take] of [
    ['removed', (deque: Deque<Item>, key: number) => deque.remove(key)],
    ['shifted', (deque: Deque<Item>) => deque.shift()],
  ] as const) {
    test(`the key of a ${name} item takes nothing any more`, () => {
      const { deque, keys } = filled(1)
      const key = keys[0] ?? 0
      take(deque, key)
      deque.push({ id: 7 })
      expect([deque.remove(key), deque.length]).toEqual([undefined, 1])
    })
  }

  test('keys stay valid when items move within the ring', () => {
    const { deque, keys } = filled(16)
    for (const key of keys.slice(1, 13)) deque.remove(key)
    const late = Array.from({ length: 30 }, (_, i) => deque.push({ id: 16 + i }))
    expect(deque.remove(keys[14] ?? 0)?.id).toBe(14)
    expect(deque.remove(late[20] ?? 0)?.id).toBe(36)
    expect(deque.remove(keys[5] ?? 0)).toBeUndefined()
  })

  test('does not grow while others come and go behind the oldest', () => {
    const { deque } = filled(1)
    for (let id = 1; id < 10_000; id++) deque.remove(deque.push({ id }))
    expect([deque.length, deque.capacity]).toEqual([1, 16])
  })

  test('does as an array would, whatever is asked of it', () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.constant('push' as const) },
      { weight: 2, arbitrary: fc.constant('shift' as const) },
      { weight: 3, arbitrary: fc.nat({ max: 400 }) },
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400, size: 'max' }), (actions) => {
        const deque = new Deque<Item>()
        const keys: number[] = []
        let model: { key: number; item: Item }[] = []
        for (const next of actions) {
          if (next === 'push') {
            const item = { id: keys.length }
            const key = deque.push(item)
            keys.push(key)
            model.push({ key, item })
          } else if (next === 'shift') {
            expect(deque.shift()).toBe(model.shift()?.item)
          } else {
            const key = keys[next % Math.max(keys.length, 1)] ?? 0
            expect(deque.remove(key)).toBe(model.find((entry) => entry.key === key)?.item)
            model = model.filter((entry) => entry.key !== key)
          }
          expect(deque.length).toBe(model.length)
          expect(deque.peek()).toBe(model[0]?.item)
        }
        expect([...deque]).toEqual(model.map((entry) => entry.item))
      }),
      { numRuns: 300 },
    )
  })
})
