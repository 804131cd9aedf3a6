import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { FewATurn } from '../../../src/pool/few-a-turn.js'
import { FakeClock } from '../../support/fake-clock.js'

/** How many of ten have begun at the end of each turn, of which each takes so many ms. */
async function begin(turnMs: number): Promise<number[]> {
  const clock = new FakeClock()
  const fewATurn = new FewATurn(clock)
  await nextTurn()
  let begun = 0
  for (let i = 0; i < 10; i++) {
    void fewATurn.next().then(() => {
      begun += 1
    })
  }
  await Promise.resolve()
  const counts = [begun]
  while (begun < 10) {
    clock.advance(turnMs)
    await nextTurn()
    counts.push(begun)
  }
  return counts
}

test('the first begins at once, each other one in a turn of its own', async () => {
  expect(await begin(0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('where turns are long more begin in each', async () => {
  expect(await begin(4)).toEqual([1, 5, 9, 10])
})

test('the next begins at once again when a turn has passed, but none in the turn that makes it', async () => {
  const fewATurn = new FewATurn(new FakeClock())
  const beganAtOnce: boolean[] = []
  for (let i = 0; i < 3; i++) {
    let hasBegun = false
    void fewATurn.next().then(() => {
      hasBegun = true
    })
    await Promise.resolve()
    beganAtOnce.push(hasBegun)
    await nextTurn()
    await nextTurn()
  }
  expect(beganAtOnce).toEqual([false, true, true])
})
