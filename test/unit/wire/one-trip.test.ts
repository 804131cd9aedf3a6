import { describe, expect, test } from 'vitest'
import { OIDS } from '../../../src/types/oid.js'
import { QueryRequest } from '../../../src/wire/requests/query.js'
import { StatementCache } from '../../../src/wire/statement-cache.js'
import {
  bindComplete,
  commandComplete,
  dataRow,
  errorResponse,
  int32,
  noData,
  parameterDescription,
  parseComplete,
  readyForQuery,
  rowDescription,
} from '../../support/server-messages.js'
import { executed, forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

const atOnce = ['Parse', 'Describe', 'Bind', 'Execute', 'Sync']
const warm = ['Bind', 'Execute', 'Sync']

/** The answer to all of it, for a row of one int4 for each of `values`. */
function answered(...values: readonly number[]): Buffer[] {
  return [...prepared().slice(0, -1), ...executed(...values)]
}

describe('nothing has to be known', () => {
  test('of a read without parameters: one trip, in binary', async () => {
    const scene = await Scene.ready()
    const rows = scene.query('select 1')
    const messages = await scene.backend.expect(...atOnce)
    expect(messages[2]).toMatchObject({ statement: 'sluice_1', parameters: [], resultFormats: [1] })
    scene.backend.send(...answered(1))
    expect(await rows).toEqual([[1]])
    const again = scene.query('select 1')
    await scene.backend.expect(...warm)
    scene.backend.send(...executed(1))
    expect(await again).toEqual([[1]])
  })

  test('of parameters that are NULL', async () => {
    const scene = await Scene.ready()
    const rows = scene.query('select $1::int4, $2::text', null, null)
    const messages = await scene.backend.expect(...atOnce)
    expect(messages[2]).toMatchObject({ parameters: [null, null] })
    scene.backend.send(
      parseComplete,
      parameterDescription(OIDS.int4, OIDS.text),
      rowDescription(['a', OIDS.int4]),
      ...executed(1),
    )
    expect(await rows).toEqual([[1]])
  })

  test('of a statement that gives no rows, in a transaction too', async () => {
    const scene = await Scene.ready()
    const begin = scene.script('begin')
    const rows = scene.query('delete from t')
    await scene.backend.expect('Query', ...atOnce)
    scene.backend.send(commandComplete('BEGIN'), readyForQuery('T'))
    await begin
    scene.backend.send(parseComplete, parameterDescription(), noData, bindComplete)
    scene.backend.send(commandComplete('DELETE 3'), readyForQuery('T'))
    expect(await rows).toEqual([])
  })
})

describe('two trips, for', () => {
  test.each([
    ['a function that may do anything', 'select f()', []],
    ['a parameter', 'select $1', [1]],
    ['a wrong number of parameters', 'select $1', []],
    ['rows of a change', 'delete from t returning a', []],
    ['a literal that looks like a parameter', "select '$1'", []],
  ])('%s', async (_, text, parameters) => {
    const scene = await Scene.ready()
    const lost = outcome(scene.query(text, ...parameters))
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.wire.destroy()
    await lost
  })

  test('a read in a transaction, which a type without binary form would fail', async () => {
    const scene = await Scene.ready()
    const begin = scene.script('begin')
    scene.backend.send(commandComplete('BEGIN'), readyForQuery('T'))
    await begin
    await scene.backend.expect('Query')
    const lost = outcome(scene.query('select 1'))
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.wire.destroy()
    await lost
  })

  test('a read behind a request that may begin a transaction', async () => {
    const scene = await Scene.ready()
    const lost = [outcome(scene.script('begin')), outcome(scene.query('select 1'))]
    await scene.backend.expect('Query', 'Parse', 'Describe', 'Sync')
    scene.wire.destroy()
    await Promise.all(lost)
  })
})

describe('a read that cannot be read in binary', () => {
  const MONEY = 790

  test('is read again as it should be', async () => {
    const scene = await Scene.ready()
    const rows = scene.query('select * from prices')
    const behind = scene.script('delete from prices')
    await scene.backend.expect(...atOnce)
    scene.backend.send(parseComplete, parameterDescription(), rowDescription(['a', MONEY]))
    scene.backend.send(bindComplete, dataRow(int32(0)), commandComplete('SELECT 1'))
    scene.backend.send(readyForQuery())
    const again = await scene.backend.expect(...warm, 'Query')
    expect(again[0]).toMatchObject({ resultFormats: [0] })
    scene.backend.send(bindComplete, dataRow('$1.00'), commandComplete('SELECT 1'))
    scene.backend.send(readyForQuery(), commandComplete('DELETE 1'), readyForQuery())
    expect(await rows).toEqual([['$1.00']])
    expect(await behind).toMatchObject({ tag: 'DELETE 1' })
  })

  test('because the type has no binary form on the server', async () => {
    const scene = await Scene.ready()
    const rows = scene.query('select * from prices')
    await scene.backend.expect(...atOnce)
    scene.backend.send(parseComplete, parameterDescription(), rowDescription(['a', MONEY]))
    scene.backend.send(bindComplete, errorResponse('42883', 'no binary output function'))
    scene.backend.send(readyForQuery())
    await scene.backend.expect(...warm)
    scene.backend.send(bindComplete, dataRow('x'), commandComplete('SELECT 1'), readyForQuery())
    expect(await rows).toEqual([['x']])
  })

  test('the connection dies before it is read again', async () => {
    const scene = await Scene.ready()
    const rows = outcome(scene.query('select * from prices'))
    await scene.backend.expect(...atOnce)
    scene.backend.send(parseComplete, parameterDescription(), rowDescription(['a', MONEY]))
    scene.transport.close()
    expect(await rows).toMatchObject({ name: 'ConnectionClosedError' })
  })
})

describe('an error in one trip', () => {
  test('of Parse refuses the statement', async () => {
    const scene = await Scene.ready()
    const refused = outcome(scene.query('select * from nothing'))
    await scene.backend.expect(...atOnce)
    scene.backend.send(errorResponse('42P01', 'no such table'), readyForQuery())
    expect(await refused).toMatchObject({ code: '42P01' })
    const rows = scene.query('select * from nothing')
    const [parse] = await scene.backend.expect(...atOnce)
    expect(parse).toMatchObject({ statement: 'sluice_2' })
    scene.backend.send(...answered(1))
    expect(await rows).toEqual([[1]])
  })

  test('of Execute keeps it', async () => {
    const scene = await Scene.ready()
    const failed = outcome(scene.query('select 1 / zero from t'))
    await scene.backend.expect(...atOnce)
    scene.backend.send(...prepared().slice(0, -1), bindComplete)
    scene.backend.send(errorResponse('22012', 'division by zero'), readyForQuery())
    expect(await failed).toMatchObject({ code: '22012' })
    outcome(scene.query('select 1 / zero from t'))
    await scene.backend.expect(...warm)
  })

  test('a column that is not there is one, and the connection goes on', async () => {
    const scene = await Scene.ready()
    const request = new QueryRequest('select 1', [], {
      maxRows: 1,
      decoder() {
        throw new RangeError('no such column')
      },
      result: (rows) => rows,
    })
    scene.wire.submit(request)
    await scene.backend.expect(...atOnce)
    scene.backend.send(...answered(1))
    await expect(request.promise).rejects.toThrow('no such column')
    expect(scene.wire.isIdle).toBe(true)
  })
})

describe('a statement that another connection has described', () => {
  test('goes in one trip, with its parameters declared', async () => {
    const { scene } = await described()
    const rows = scene.query('select f($1)', 5)
    const messages = await scene.backend.expect(...atOnce)
    expect(messages[0]).toMatchObject({ parameterTypeOids: [OIDS.int4] })
    expect(messages[2]).toMatchObject({ parameters: [int32(5)], resultFormats: [1] })
    scene.backend.send(...prepared(1, 1).slice(0, -1), ...executed(5))
    expect(await rows).toEqual([[5]])
  })

  test('is described anew when it has changed', async () => {
    const { scene } = await described()
    const rows = scene.query('select f($1)', 5)
    await scene.backend.expect(...atOnce)
    scene.backend.send(parseComplete, parameterDescription(OIDS.int4))
    scene.backend.send(rowDescription(['b', OIDS.int4], ['c', OIDS.int4]), bindComplete)
    scene.backend.send(dataRow(int32(1), int32(2)), commandComplete('SELECT 1'), readyForQuery())
    expect(await rows).toEqual([[1, 2]])
  })

  test('is parsed without declared parameters when it is refused', async () => {
    const { scene } = await described()
    const rows = scene.query('select f($1)', 5)
    await scene.backend.expect(...atOnce)
    scene.backend.send(errorResponse('42883', 'no such function'), readyForQuery())
    const [parse] = await scene.backend.expect('Parse', 'Describe', 'Sync')
    expect(parse).toMatchObject({ parameterTypeOids: [] })
    scene.backend.send(...prepared(1, 1))
    await scene.backend.expect(...warm)
    scene.backend.send(...executed(5))
    expect(await rows).toEqual([[5]])
  })

  async function described(): Promise<{ scene: Scene }> {
    const first = await Scene.ready()
    await first.prepare('select f($1)', 1, 1)
    const known = first.wire.session.descriptions.get('select f($1)')
    const scene = await Scene.ready()
    if (known !== undefined) scene.wire.session.descriptions.set('select f($1)', known)
    return { scene }
  }
})

describe('a stale statement', () => {
  const stale = errorResponse('0A000', 'cached plan must not change result type')

  test.each([
    ['26000', 'no such statement'],
    ['0A000', 'cached plan must not change result type'],
  ])('%s: is prepared anew and run again', async (code, message) => {
    const scene = await Scene.ready()
    await scene.prepare('select f()')
    const rows = scene.query('select f()')
    await scene.backend.expect(...warm)
    scene.backend.send(errorResponse(code, message), readyForQuery())
    const said = (await scene.backend.expectAnything()).map(({ name }) => name)
    if (said[0] === 'Close') {
      expect(said).toEqual(['Close', 'Sync', 'Parse', 'Describe', 'Sync'])
      scene.backend.send(closeAnswer, ...prepared())
      await scene.backend.expect(...warm)
      scene.backend.send(...executed(1))
    } else {
      expect(said).toEqual(atOnce)
      scene.backend.send(...answered(1))
    }
    expect(await rows).toEqual([[1]])
  })

  test('is not run a third time', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f()')
    const failed = outcome(scene.query('select f()'))
    await scene.backend.expect(...warm)
    scene.backend.send(stale, readyForQuery())
    await scene.backend.expect('Close', 'Sync', 'Parse', 'Describe', 'Sync')
    scene.backend.send(closeAnswer, ...prepared())
    await scene.backend.expect(...warm)
    scene.backend.send(stale, readyForQuery())
    expect(await failed).toMatchObject({ code: '0A000' })
  })

  test('in a transaction is an error', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f()')
    const failed = outcome(scene.query('select f()'))
    await scene.backend.expect(...warm)
    scene.backend.send(stale, readyForQuery('E'))
    expect(await failed).toMatchObject({ code: '0A000' })
  })

  test('is not run again behind a change that was sent behind it', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f()')
    const failed = outcome(scene.query('select f()'))
    const change = scene.script('delete from t')
    await scene.backend.expect(...warm, 'Query')
    scene.backend.send(stale, readyForQuery())
    scene.backend.send(commandComplete('DELETE 1'), readyForQuery())
    expect(await failed).toMatchObject({ code: '0A000' })
    expect(await change).toMatchObject({ tag: 'DELETE 1' })
  })

  test('uses of it that were sent together run again in their order', async () => {
    const scene = await Scene.ready()
    await scene.prepare('select f($1)', 1, 1)
    const results = Promise.all([1, 2, 3].map((value) => scene.query('select f($1)', value)))
    await scene.backend.expect(...warm, ...warm, ...warm)
    scene.backend.send(stale, readyForQuery(), stale, readyForQuery(), stale, readyForQuery())
    const order: unknown[] = []
    for (;;) {
      const messages = await scene.backend.expectAnything()
      if (messages.length === 0) break
      for (const message of messages) {
        if (message.name === 'Close') scene.backend.send(closeAnswer)
        if (message.name === 'Parse') scene.backend.send(...prepared(1, 1))
        if (message.name !== 'Bind') continue
        const [value] = message.parameters as [Buffer]
        order.push(value.readInt32BE())
        scene.backend.send(...executed(value.readInt32BE()))
      }
    }
    expect(await results).toEqual([[[1]], [[2]], [[3]]])
    expect(order).toEqual([1, 2, 3])
  })
})

describe('the statement mode', () => {
  test('becomes "describe" when a name is taken', async () => {
    const scene = await Scene.ready()
    const rows = scene.query('select f()')
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(errorResponse('42P05', 'exists'), readyForQuery())
    const [parse] = await scene.backend.expect('Parse', 'Describe', 'Sync')
    expect(parse).toMatchObject({ statement: '' })
    scene.backend.send(...prepared())
    await scene.backend.expect(...atOnce)
    scene.backend.send(...answered(1))
    expect(await rows).toEqual([[1]])
    expect(scene.wire.session.statements.mode).toBe('describe')
    expect(scene.wire.session.descriptions.isBehindPooler).toBe(true)
  })

  test('"describe" parses each time, and waits for a description once', async () => {
    const scene = await Scene.ready(new StatementCache(10, 'describe'))
    const rows = scene.query('select f()')
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(...prepared())
    await scene.backend.expect(...atOnce)
    scene.backend.send(...answered(1))
    expect(await rows).toEqual([[1]])
    const again = scene.query('select f()')
    await scene.backend.expect(...atOnce)
    scene.backend.send(...answered(2))
    expect(await again).toEqual([[2]])
  })

  test('"unnamed" waits for a description each time', async () => {
    const scene = await Scene.ready(new StatementCache(10, 'unnamed'))
    for (const value of [1, 2]) {
      const rows = scene.query('select f()')
      await scene.backend.expect('Parse', 'Describe', 'Sync')
      scene.backend.send(...prepared())
      await scene.backend.expect(...atOnce)
      scene.backend.send(...answered(value))
      expect(await rows).toEqual([[value]])
    }
  })

  test('"simple" uses the simple protocol, in text', async () => {
    const scene = await Scene.ready(new StatementCache(10, 'simple'))
    const rows = scene.query('select f()')
    await scene.backend.expect('Query')
    scene.backend.send(rowDescription(['a', OIDS.int4]), dataRow('7'), commandComplete('SELECT 1'))
    scene.backend.send(readyForQuery())
    expect(await rows).toEqual([[7]])
    expect(await outcome(scene.query('select $1', 1))).toMatchObject({ name: 'InterfaceError' })
    await scene.backend.expect()
  })

  test('"simple" refuses several statements, and the connection goes on', async () => {
    const scene = await Scene.ready(new StatementCache(10, 'simple'))
    const failed = outcome(scene.query('select 1; select 2'))
    await scene.backend.expect('Query')
    for (const value of ['1', '2']) {
      scene.backend.send(rowDescription(['a', OIDS.int4]), dataRow(value))
      scene.backend.send(commandComplete('SELECT 1'))
    }
    scene.backend.send(readyForQuery())
    expect(await failed).toMatchObject({ name: 'InterfaceError' })
    expect(scene.wire.isIdle).toBe(true)
  })
})

const closeAnswer: Buffer = Buffer.concat([Buffer.of(0x33, 0, 0, 0, 4), readyForQuery()])
