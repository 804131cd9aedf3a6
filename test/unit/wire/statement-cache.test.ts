import { describe, expect, test } from 'vitest'
import { StatementCache } from '../../../src/wire/statement-cache.js'
import type { FrontendMessage } from '../../support/frontend-messages.js'
import {
  closeComplete,
  commandComplete,
  errorResponse,
  parameterStatus,
  parseComplete,
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

  test('with capacity 0 gives none back, and a name to none', () => {
    const cache = new StatementCache(0)
    expect(cache.add('a').name).toBe('')
    expect(cache.get('a')).toBeUndefined()
    expect(cache.hasEvicted).toBe(false)
  })

  test('gives up the least recently used when their texts grow too long', () => {
    const cache = new StatementCache(1_000)
    const first = cache.add('a'.repeat(1024 * 1024))
    for (const letter of ['b', 'c', 'd']) cache.add(letter.repeat(1024 * 1024))
    expect(cache.hasEvicted).toBe(false)
    cache.add('e')
    expect(cache.takeEvicted()).toEqual([first.name])
  })

  test('names no statement whose text is too long to be kept', () => {
    const cache = new StatementCache(1_000)
    const text = 'a'.repeat(1024 * 1024 + 1)
    expect(cache.add(text).name).toBe('')
    expect(cache.get(text)).toBeUndefined()
  })

  test('a statement that is forgotten is not closed', () => {
    const cache = new StatementCache(1)
    const statement = cache.add('a')
    expect(cache.forget(statement)).toBe(true)
    expect(cache.forget(statement)).toBe(false)
    expect(statement.isDropped).toBe(true)
    expect(cache.hasEvicted).toBe(false)
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
  test.each(['DISCARD ALL', 'DEALLOCATE ALL', 'CREATE TABLE', 'ALTER TABLE', 'DROP VIEW'])(
    'after %s statements are prepared anew, and closed in case they outlived it',
    async (tag) => {
      const scene = await Scene.ready()
      const { backend } = scene
      await scene.prepare('select f(1)')
      const command = scene.script(tag)
      const behind = scene.query('select f(1)')
      await backend.expect('Query')
      backend.send(commandComplete(tag), readyForQuery())
      await command
      const messages = await backend.expect(...closing(1), 'Parse', 'Describe', 'Sync')
      expect(closed(messages)).toEqual(['sluice_1'])
      backend.send(closeComplete, readyForQuery(), ...prepared())
      await backend.expect('Bind', 'Execute', 'Sync')
      backend.send(...executed(2))
      expect(await behind).toEqual([[2]])
    },
  )

  test.each([
    ['SET', 'set search_path to a', true],
    ['SET', 'set jit to off', false],
    ['RESET', 'reset all', false],
    ['ROLLBACK', 'rollback', false],
    ['SELECT 1', 'select f(3)', false],
  ])('after %s by %s statements are prepared anew: %s', async (tag, text, isForgotten) => {
    const scene = await Scene.ready()
    await scene.prepare('select f(1)')
    const command = scene.script(text)
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete(tag), readyForQuery())
    await command
    outcome(scene.query('select f(1)'))
    const again = [...closing(1), 'Parse', 'Describe', 'Sync']
    await scene.backend.expect(...(isForgotten ? again : ['Bind', 'Execute', 'Sync']))
  })

  test('what a transaction defined is undone by its rollback', async () => {
    const scene = await Scene.ready()
    const { backend } = scene
    const command = scene.script('create table t (a int)')
    await backend.expect('Query')
    backend.send(commandComplete('CREATE TABLE'), readyForQuery('T'))
    await command
    const rows = scene.query('select f(1)')
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(...prepared().slice(0, -1), readyForQuery('T'))
    await backend.expect('Bind', 'Execute', 'Sync')
    backend.send(...executed(1).slice(0, -1), readyForQuery('T'))
    await rows
    const rollback = scene.script('rollback')
    const behind = outcome(scene.query('select f(1)'))
    await backend.expect('Query')
    backend.send(commandComplete('ROLLBACK'), readyForQuery())
    await rollback
    await backend.expect(...closing(1), 'Parse', 'Describe', 'Sync')
    scene.wire.destroy()
    await behind
  })

  test('a new search_path has statements prepared anew', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f(1)')
    scene.backend.send(parameterStatus('search_path', 'a'))
    outcome(scene.query('select f(1)'))
    await scene.backend.expect(...closing(1), 'Parse', 'Describe', 'Sync')
  })

  test('an evicted statement is closed with what is written next', async () => {
    const scene = await Scene.ready(1)
    const { backend } = scene
    await scene.prepare('select f(1)')
    const rows = scene.query('select f(2)')
    expect(await backend.expect('Parse', 'Describe', 'Sync', ...closing(1))).toMatchObject([
      { statement: 'sluice_2' },
      {},
      {},
      { target: 'S', of: 'sluice_1' },
      {},
    ])
    backend.send(...prepared(), closeComplete, readyForQuery())
    await backend.expect('Bind', 'Execute', 'Sync')
    backend.send(...executed(2))
    expect(await rows).toEqual([[2]])
  })

  test('a Close that is refused harms nobody', async () => {
    const scene = await Scene.ready(1)
    await scene.prepare('select f(1)')
    const rows = scene.query('select f(2)')
    await scene.backend.expect('Parse', 'Describe', 'Sync', ...closing(1))
    scene.backend.send(...prepared(), errorResponse('26000', 'not there'), readyForQuery())
    await scene.backend.expect('Bind', 'Execute', 'Sync')
    scene.backend.send(...executed(2))
    expect(await rows).toEqual([[2]])
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

function closing(count: number): string[] {
  return [...Array.from({ length: count }, () => 'Close'), 'Sync']
}

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
          expect(open.has(message.statement) && message.statement !== '').toBe(false)
          open.add(message.statement)
          backend.send(parseComplete)
          break
        case 'Describe':
          backend.send(...prepared().slice(1, -1))
          break
        case 'Bind':
          expect(open).toContain(message.statement)
          backend.send(...executed(1).slice(0, -1))
          break
        case 'Sync':
          backend.send(readyForQuery())
          break
      }
    }
  }
}
