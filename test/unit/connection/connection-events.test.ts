import { expect, test } from 'vitest'
import { ConnectionClosedError } from '../../../src/base/errors.js'
import { ConnectionEmitter } from '../../../src/connection/connection-events.js'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('events reach their listeners behind the message that caused them', async () => {
  const emitter = new ConnectionEmitter()
  const seen: unknown[] = []
  emitter.on('notice', ({ message }) => seen.push(message))
  emitter.onNotice({ message: 'hello' })
  expect(seen).toEqual([])
  await nextTurn()
  expect(seen).toEqual(['hello'])
})

test('an error whose listener has gone meanwhile throws nothing', async () => {
  const emitter = new ConnectionEmitter()
  const seen: unknown[] = []
  emitter.on('error', (error) => seen.push(error))
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown) => uncaught.push(error)
  process.prependListener('uncaughtException', onUncaught)
  emitter.onClosed(new ConnectionClosedError('lost'))
  emitter.removeAllListeners()
  await nextTurn()
  process.off('uncaughtException', onUncaught)
  expect(seen).toEqual([])
  expect(uncaught).toEqual([])
})
