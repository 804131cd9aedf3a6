import { describe, expect, test } from 'vitest'
import { StatementCache } from '../../../src/wire/statement-cache.js'
import type { FrontendMessage } from '../../support/frontend-messages.js'
import {
  closeComplete,
  commandComplete,
  errorResponse,
  readyForQuery,
} from '../../support/server-messages.js'
import { executed, forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

describe('the cache', () => {
  test('gives every statement a name of its own', () => {
    const cache = new StatementCache(2)
    const names = ['a', 'b', 'a', 'c'].map((text) => cache.add(text).name)
    expect(new Set(names).size).toBe(4)
  })

  test('gives the statement of a text back', () => {
    const cache = new StatementCache(2)
    const statement = cache.add('a')
    expect(cache.get('a')).toBe(statement)
    expect(cache.get('A')).toBeUndefined()
  })

  test('evicts the least recently used', () => {
    const cache = new StatementCache(2)
    cache.add('a')
    const second = cache.add('b')
    cache.get('a')
    cache.add('c')
    expect(cache.takeEvicted()).toEqual([second.name])
    expect(cache.get('b')).toBeUndefined()
    expect(cache.get('a')).toBeDefined()
  })

  test('with capacity 1 keeps the last', () => {
    const cache = new StatementCache(1)
    const first = cache.add('a')
    const second = cache.add('b')
    expect(cache.takeEvicted()).toEqual([first.name])
    expect(cache.get('b')).toBe(second)
  })

  test('with capacity 0 gives none back, and closes each when the next comes', () => {
    const cache = new StatementCache(0)
    const first = cache.add('a')
    expect(cache.get('a')).toBeUndefined()
    expect(cache.takeEvicted()).toEqual([])
    const second = cache.add('a')
    expect(cache.takeEvicted()).toEqual([first.name])
    cache.add('b')
    expect(cache.takeEvicted()).toEqual([second.name])
  })

  test('names an evicted statement once', () => {
    const cache = new StatementCache(1)
    const statement = cache.add('a')
    cache.delete(statement)
    cache.delete(statement)
    expect(cache.takeEvicted()).toEqual([statement.name])
    expect(cache.takeEvicted()).toEqual([])
  })

  test('does not confuse a statement with a later one of the same text', () => {
    const cache = new StatementCache(1)
    const old = cache.add('a')
    cache.delete(old)
    const current = cache.add('a')
    cache.delete(old)
    expect(cache.get('a')).toBe(current)
  })
})

describe('on the wire', () => {
  test.each(['DISCARD ALL', 'DEALLOCATE ALL'])(
    'after %s a statement is prepared anew, and what outlived it is closed',
    async (tag) => {
      const scene = await Scene.ready()
      const { backend } = scene
      await scene.prepare('select 1')
      const dropped = scene.script(tag)
      const early = scene.query('select 2')
      await backend.expect('Query', 'Parse', 'Describe', 'Sync')
      backend.send(commandComplete(tag), readyForQuery(), ...prepared())
      await dropped
      await backend.expect('Bind', 'Execute', 'Sync')
      backend.send(...executed(2))
      expect(await early).toEqual([[2]])
      outcome(scene.query('select 1'))
      const messages = await backend.expect('Close', 'Close', 'Parse', 'Describe', 'Sync')
      expect(closed(messages)).toEqual(['sluice_1', 'sluice_2'])
    },
  )

  test('an evicted statement is closed with the next Parse, before it', async () => {
    const scene = await Scene.ready(1)
    await scene.prepare('select 1')
    const rows = scene.query('select 2')
    expect(await scene.backend.expect('Close', 'Parse', 'Describe', 'Sync')).toMatchObject([
      { target: 'S', of: 'sluice_1' },
      { statement: 'sluice_2' },
      { of: 'sluice_2' },
      {},
    ])
    scene.backend.send(closeComplete, ...prepared())
    await scene.backend.expect('Bind', 'Execute', 'Sync')
    scene.backend.send(...executed(2))
    expect(await rows).toEqual([[2]])
  })

  test('a statement is closed even if the Parse behind its Close fails', async () => {
    const scene = await Scene.ready(1)
    await scene.prepare('select 1')
    const refused = outcome(scene.query('selct'))
    await scene.backend.expect('Close', 'Parse', 'Describe', 'Sync')
    scene.backend.send(closeComplete, errorResponse('42601', 'no'), readyForQuery())
    expect(await refused).toMatchObject({ code: '42601' })
    outcome(scene.query('select 2'))
    expect(closed(await scene.backend.expect('Close', 'Parse', 'Describe', 'Sync'))).toEqual([
      'sluice_2',
    ])
  })

  test('what a query that was never sent should have closed is closed by the next', async () => {
    const scene = await Scene.ready(1)
    await scene.prepare('select 1')
    await outcome(scene.query('select\0'))
    outcome(scene.query('select 2'))
    const messages = await scene.backend.expect('Close', 'Close', 'Parse', 'Describe', 'Sync')
    expect(closed(messages)).toContain('sluice_1')
  })

  test.each([0, 1, 2])(
    'with capacity %i a statement is closed only behind its last use',
    async (capacity) => {
      const scene = await Scene.ready(capacity)
      const texts = ['a', 'b', 'c', 'a', 'd', 'b', 'b', 'c', 'a']
      const results = Promise.all(texts.map((text) => scene.query(text)))
      await serve(scene)
      expect(await results).toEqual(texts.map(() => [[1]]))
    },
  )
})

function closed(messages: readonly FrontendMessage[]): unknown[] {
  return messages.filter(({ name }) => name === 'Close').map((message) => message.of)
}

/** Answers as a server does that knows which statements are open, until nothing more is asked. */
async function serve({ backend }: Scene): Promise<void> {
  const open = new Set<unknown>()
  for (;;) {
    const messages = await backend.expectAnything()
    if (messages.length === 0) return
    for (const message of messages) {
      switch (message.name) {
        case 'Close':
          expect(open.delete(message.of)).toBe(true)
          backend.send(closeComplete)
          break
        case 'Parse':
          expect(open.has(message.statement)).toBe(false)
          open.add(message.statement)
          backend.send(...prepared())
          break
        case 'Bind':
          expect(open).toContain(message.statement)
          backend.send(...executed(1))
          break
      }
    }
  }
}
