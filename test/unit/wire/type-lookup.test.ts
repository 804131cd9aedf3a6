import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InterfaceError, PostgresError } from '../../../src/base/errors.js'
import { TypeCatalogue } from '../../../src/types/type-catalogue.js'
import { CANCEL_GRACE_MS } from '../../../src/wire/cancellation.js'
import { settled } from '../../support/fake-backend.js'
import {
  bindComplete,
  commandComplete,
  dataRow,
  errorResponse,
  int32,
  parameterDescription,
  parseComplete,
  readyForQuery,
  rowDescription,
} from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, Scene } from './scene.js'

forbidUnhandledRejections()

const MOOD = 20_001
const COUNT = 20_002
const QUERY = 'select f($1)'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** Tells that the query has a parameter and a column of a type. */
function described(typeOid: number): Buffer[] {
  return [
    parseComplete,
    parameterDescription(typeOid),
    rowDescription(['f', typeOid]),
    readyForQuery(),
  ]
}

/** Tells what the catalogue has of enums. */
function found(...enums: readonly (readonly [number, string])[]): Buffer[] {
  const rows = enums.map(([oid, name]) =>
    dataRow(String(oid), 'public', name, 'e', ',', null, '{}', '{}'),
  )
  return [rowDescription(['oid', 26]), ...rows, commandComplete('SELECT 1'), readyForQuery()]
}

const result = [bindComplete, dataRow('sad'), commandComplete('SELECT 1'), readyForQuery()]

/** A connection whose query is described, and whose lookup, if it makes one, is not answered. */
async function begin(types?: TypeCatalogue): Promise<{ scene: Scene; rows: Promise<unknown[]> }> {
  const scene = await Scene.ready(undefined, types)
  const rows = scene.query(QUERY, 'sad')
  await scene.backend.expect('Parse', 'Describe', 'Sync')
  scene.backend.send(...described(MOOD))
  return { scene, rows }
}

/** Goes on where the types are known. */
async function finish({ scene, rows }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  await scene.backend.expect('Bind', 'Execute', 'Sync')
  scene.backend.send(...result)
  expect(await rows).toEqual([['sad']])
}

/** The same with a query that may be given up, its lookup on the way. */
async function beginLimited(): Promise<{
  scene: Scene
  error: Promise<unknown>
  abort: () => void
}> {
  const scene = await Scene.ready()
  const limited = scene.limitedQuery(QUERY, 'sad')
  await scene.backend.expect('Parse', 'Describe', 'Sync')
  scene.backend.send(...described(MOOD))
  await scene.backend.expect('Query')
  return { scene, ...limited }
}

describe('a type that is not known', () => {
  test('is looked up before the statement is bound, and ahead of what waits', async () => {
    const at = await begin()
    const next = at.scene.script('select 1')
    const [query] = await at.scene.backend.expect('Query')
    expect(query).toMatchObject({ sql: expect.stringContaining(`'{${MOOD}}'::pg_catalog.oid[]`) })
    at.scene.backend.send(...found([MOOD, 'mood']))
    await at.scene.backend.expect('Bind', 'Execute', 'Sync', 'Query')
    at.scene.backend.send(...result, commandComplete('SELECT 1'), readyForQuery())
    expect(await at.rows).toEqual([['sad']])
    await next
  })

  test('and is not found either is text, and is looked up again next time', async () => {
    const at = await begin()
    await at.scene.backend.expect('Query')
    at.scene.backend.send(...found())
    await finish(at)
    const rows = at.scene.query(QUERY, 'sad')
    await at.scene.backend.expect('Query')
    at.scene.backend.send(...found([MOOD, 'mood']))
    await finish({ scene: at.scene, rows })
  })

  test('fails its query when the transaction has failed, and the error says why', async () => {
    const at = await begin()
    const error = outcome(at.rows)
    await at.scene.backend.expect('Query')
    at.scene.backend.send(errorResponse('25P02', 'aborted'), readyForQuery('E'))
    expect(await error).toBeInstanceOf(InterfaceError)
    expect(await error).toMatchObject({
      message: expect.stringContaining('the transaction has failed'),
      cause: expect.any(PostgresError),
    })
    await at.scene.backend.expect()
    const again = at.scene.query(QUERY, 'sad')
    await at.scene.backend.expect('Query')
    at.scene.backend.send(...found([MOOD, 'mood']))
    await finish({ scene: at.scene, rows: again })
  })

  test('fails its query with what the server says', async () => {
    const at = await begin()
    const error = outcome(at.rows)
    await at.scene.backend.expect('Query')
    at.scene.backend.send(errorResponse('57014', 'canceled'), readyForQuery())
    expect(await error).toMatchObject({ code: '57014' })
  })

  test('is of no use when the connection is lost', async () => {
    const at = await begin()
    const error = outcome(at.rows)
    await at.scene.backend.expect('Query')
    at.scene.transport.close()
    expect(await error).toMatchObject({ code: 'ERR_SLUICE_CONNECTION_CLOSED' })
  })
})

describe('a lookup whose query is given up', () => {
  test('is cancelled with it, and the connection goes on', async () => {
    const { scene, error, abort } = await beginLimited()
    abort()
    expect(await error).toBe('gone')
    expect(scene.cancels.count).toBe(1)
    await scene.cancels.answer()
    scene.backend.send(errorResponse('57014', 'canceling statement'), readyForQuery())
    await settled()
    expect(scene.wire.isIdle).toBe(true)
  })

  test('ends the connection when it gets no answer, which would be waited for for ever', async () => {
    const { scene, error, abort } = await beginLimited()
    abort()
    await error
    await scene.cancels.answer()
    vi.advanceTimersByTime(CANCEL_GRACE_MS)
    await settled()
    expect(scene.handler.closed).toHaveLength(1)
    await scene.cancels.answer()
  })
})

describe('a type that another connection of the pool looks up', () => {
  test('is waited for', async () => {
    const types = new TypeCatalogue()
    const [one, two] = [await begin(types), await begin(types)]
    await one.scene.backend.expect('Query')
    await two.scene.backend.expect()
    one.scene.backend.send(...found([MOOD, 'mood']))
    await finish(one)
    await finish(two)
  })

  test.each([
    ['is lost', (scene: Scene) => scene.transport.close()],
    ['fails', ({ backend }: Scene) => backend.send(errorResponse('57014', ''), readyForQuery())],
    ['does not find it', ({ backend }: Scene) => backend.send(...found())],
    ['does not answer', () => vi.advanceTimersByTime(1_000)],
  ])('is looked up here when that one %s', async (_what, end) => {
    const types = new TypeCatalogue()
    const [one, two] = [await begin(types), await begin(types)]
    const first = outcome(one.rows)
    await one.scene.backend.expect('Query')
    await two.scene.backend.expect()
    end(one.scene)
    await settled()
    await two.scene.backend.expect('Query')
    two.scene.backend.send(...found([MOOD, 'mood']))
    await finish(two)
    one.scene.transport.close()
    await first
  })

  test('is looked up here, too, when more than it is wanted', async () => {
    const types = new TypeCatalogue()
    const one = await begin(types)
    const scene = await Scene.ready(undefined, types)
    const rows = scene.query('select g($1)', 'sad')
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(
      parseComplete,
      parameterDescription(COUNT),
      rowDescription(['f', MOOD]),
      readyForQuery(),
    )
    await scene.backend.expect('Query')
    scene.backend.send(...found([MOOD, 'mood'], [COUNT, 'count']))
    await finish({ scene, rows })
    const first = outcome(one.rows)
    one.scene.transport.close()
    await first
  })
})

test('a row of a type that has changed is read again once the type is looked up', async () => {
  const composite = (names: string, types: string): Buffer[] => [
    rowDescription(['oid', 26]),
    dataRow(String(MOOD), 'public', 'pair', 'c', ',', null, names, types),
    commandComplete('SELECT 1'),
    readyForQuery(),
  ]
  const { scene, rows } = await begin()
  await scene.backend.expect('Query')
  scene.backend.send(...composite('{a}', '{23}'))
  await scene.backend.expect('Bind', 'Execute', 'Sync')
  scene.backend.send(bindComplete, dataRow(null), commandComplete('SELECT 1'), readyForQuery())
  expect(await rows).toEqual([[null]])
  const again = scene.query(QUERY, [1])
  await scene.backend.expect('Bind', 'Execute', 'Sync')
  const pair = Buffer.concat([2, 23, 4, 7, 23, -1].map(int32))
  scene.backend.send(bindComplete, dataRow(pair), dataRow(null), commandComplete('SELECT 2'))
  scene.backend.send(readyForQuery())
  await scene.backend.expect('Query')
  scene.backend.send(...composite('{a,b}', '{23,23}'))
  expect(await again).toEqual([[{ a: 7, b: null }], [null]])
})
