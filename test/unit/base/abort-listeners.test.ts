import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { addAbortListener, removeAbortListener } from '../../../src/base/abort-listeners.js'

test('many listeners of one signal are one of the platform, and none when they have left', () => {
  const { signal } = new AbortController()
  const listeners = Array.from({ length: 100 }, () => () => {})
  for (const listener of listeners) addAbortListener(signal, listener)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const listener of listeners) removeAbortListener(signal, listener)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('each is called in its turn, once; one that another takes away meanwhile is not', () => {
  const controller = new AbortController()
  const { signal } = controller
  const called: number[] = []
  const third = () => called.push(3)
  addAbortListener(signal, () => {
    called.push(1)
    removeAbortListener(signal, third)
  })
  addAbortListener(signal, () => called.push(2))
  addAbortListener(signal, third)
  controller.abort()
  controller.abort()
  expect(called).toEqual([1, 2])
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('one who has left may come again; who never came, or has no signal, is no matter', () => {
  const controller = new AbortController()
  let count = 0
  const listener = () => {
    count += 1
  }
  addAbortListener(undefined, listener)
  removeAbortListener(undefined, listener)
  removeAbortListener(controller.signal, listener)
  addAbortListener(controller.signal, listener)
  removeAbortListener(controller.signal, listener)
  addAbortListener(controller.signal, listener)
  controller.abort()
  expect(count).toBe(1)
})
