import { describe, expect, test, vi } from 'vitest'
import {
  DecodeError,
  EncodeError,
  InterfaceError,
  PostgresError,
} from '../../../src/base/errors.js'
import { QueryRequest } from '../../../src/wire/requests/query.js'
import { settled } from '../../support/fake-backend.js'
import {
  authenticationOk,
  bindComplete,
  closeComplete,
  commandComplete,
  dataRow,
  emptyQueryResponse,
  errorResponse,
  int32,
  portalSuspended,
  readyForQuery,
} from '../../support/server-messages.js'
import { executed, forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

describe('statements', () => {
  test('a query is prepared at its first use', async () => {
    const { backend, query } = await open()
    const rows = query('select $1::int4', 5)
    expect(await backend.expect('Parse', 'Describe', 'Sync')).toMatchObject([
      { statement: 'sluice_1', sql: 'select $1::int4', parameterTypeOids: [] },
      { target: 'S', of: 'sluice_1' },
      {},
    ])
    backend.send(...prepared(1, 1))
    expect(await backend.expect('Bind', 'Execute', 'Sync')).toMatchObject([
      {
        portal: '',
        statement: 'sluice_1',
        parameterFormats: [1],
        parameters: [int32(5)],
        resultFormats: [1],
      },
      { portal: '', maxRows: 0 },
      {},
    ])
    backend.send(...executed(5))
    expect(await rows).toEqual([[5]])
  })

  test('at its next use a query is not prepared again', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select f(1)')
    const rows = query('select f(1)')
    await backend.expect('Bind', 'Execute', 'Sync')
    backend.send(...executed(1))
    expect(await rows).toEqual([[1]])
  })

  test('two uses in one turn share one Parse', async () => {
    const { backend, query } = await open()
    const results = Promise.all([query('select f(1)'), query('select f(1)')])
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(...prepared())
    const messages = ['Bind', 'Execute', 'Sync']
    await backend.expect(...messages, ...messages)
    backend.send(...executed(1), ...executed(2))
    expect(await results).toEqual([[[1]], [[2]]])
  })

  test('a refused Parse fails its query alone; the next tries for itself', async () => {
    const { backend, query } = await open()
    const first = outcome(query('selct'))
    const second = outcome(query('selct'))
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(errorResponse('42601', 'syntax error'), readyForQuery())
    expect(await first).toMatchObject({ code: '42601', query: 'selct' })
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(errorResponse('42601', 'syntax error'), readyForQuery())
    expect(await second).toMatchObject({ code: '42601' })
    await backend.expect()
  })

  test('a statement that was refused is prepared anew', async () => {
    const { backend, query } = await open()
    const refused = outcome(query('select * from late()'))
    await settled()
    backend.send(errorResponse('42P01', 'no such table'), readyForQuery())
    expect(await refused).toBeInstanceOf(PostgresError)
    await backend.expect('Parse', 'Describe', 'Sync')
    const rows = query('select * from late()')
    expect(await backend.expect('Parse', 'Describe', 'Sync')).toMatchObject([
      { statement: 'sluice_2' },
      {},
      {},
    ])
    backend.send(...prepared())
    await settled()
    backend.send(...executed())
    expect(await rows).toEqual([])
  })

  test('after another error a statement is kept', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select f(1)')
    const failed = outcome(query('select f(1)'))
    await backend.expect('Bind', 'Execute', 'Sync')
    backend.send(bindComplete, errorResponse('22012', 'division by zero'), readyForQuery())
    await failed
    query('select f(1)').catch(() => {})
    await backend.expect('Bind', 'Execute', 'Sync')
  })
})

describe('order', () => {
  test('several requests of one turn go out in one write and are answered in order', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select f(1)')
    const writes = scene.transport.writes.length
    const results = Promise.all([
      query('select f(1)'),
      scene.script('listen a'),
      query('select f(1)'),
    ])
    await backend.expect('Bind', 'Execute', 'Sync', 'Query', 'Bind', 'Execute', 'Sync')
    expect(scene.transport.writes.length).toBe(writes + 1)
    backend.send(...executed(1), commandComplete('LISTEN'), readyForQuery(), ...executed(2))
    expect(await results).toMatchObject([[[1]], { command: 'LISTEN' }, [[2]]])
  })

  test('nothing is written before the end of the turn', async () => {
    const { scene } = await open()
    const writes = scene.transport.writes.length
    outcome(scene.script('select f(1)'))
    expect(scene.transport.writes.length).toBe(writes)
    await settled()
    expect(scene.transport.writes.length).toBe(writes + 1)
  })

  test('nothing overtakes a query that waits for its statement', async () => {
    const { backend, query, scene } = await open()
    const first = query('select f(1)')
    const second = scene.script('drop table t')
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(...prepared())
    await backend.expect('Bind', 'Execute', 'Sync', 'Query')
    backend.send(...executed(1), commandComplete('DROP TABLE'), readyForQuery())
    expect(await first).toEqual([[1]])
    expect(await second).toMatchObject({ command: 'DROP TABLE' })
  })

  test('requests submitted before the startup is over wait for its end', async () => {
    const scene = await Scene.starting()
    const result = scene.script('select f(1)')
    await scene.backend.expect()
    scene.backend.send(authenticationOk, readyForQuery())
    await scene.backend.expect('Query')
    scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await result).toMatchObject({ rowCount: 1 })
  })

  test('answers may arrive byte by byte', async () => {
    const { query, scene } = await open()
    await scene.prepare('select f(1)')
    const rows = query('select f(1)')
    await settled()
    for (const byte of Buffer.concat(executed(1, 2))) scene.backend.send(Buffer.of(byte))
    expect(await rows).toEqual([[1], [2]])
  })

  test('the transaction status is that of the last ReadyForQuery', async () => {
    const { scene } = await open()
    const { session } = scene.wire
    const statuses: string[] = []
    for (const status of ['T', 'E', 'I'] as const) {
      const done = scene.script('x')
      scene.backend.send(commandComplete('X'), readyForQuery(status))
      await done
      statuses.push(session.transactionStatus)
    }
    expect(statuses).toEqual(['transaction', 'failed', 'idle'])
  })
})

describe('failures', () => {
  test('an error of the server fails its own query only', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select f(1)')
    const results = [query('select f(1)'), outcome(query('select f(1)')), query('select f(1)')]
    await settled()
    const failed = [bindComplete, errorResponse('22012', 'division by zero'), readyForQuery()]
    backend.send(...executed(1), ...failed, ...executed(3))
    const [first, second, third] = await Promise.all(results)
    expect(first).toEqual([[1]])
    expect(second).toBeInstanceOf(PostgresError)
    expect(third).toEqual([[3]])
  })

  test('rows before an error are not a result', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select f(1)')
    const result = outcome(query('select f(1)'))
    await settled()
    backend.send(bindComplete, dataRow(int32(1)), errorResponse('22012', 'no'), readyForQuery())
    expect(await result).toMatchObject({ code: '22012' })
  })

  test('of a parameter that cannot be encoded nothing is sent, and the neighbours go on', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select $1::int4', 1, 1)
    await scene.prepare('select $1::int4 + 2', 1, 1)
    const results = [
      query('select $1::int4', 1),
      query('select $1::int4', 'one'),
      query('select $1::int4 + 2', 1),
    ]
    const settledResults = Promise.all(results.map(outcome))
    const warm = ['Bind', 'Execute', 'Sync'] as const
    const messages = await backend.expect(...warm, 'Close', 'Sync', ...warm)
    expect(messages.filter(({ name }) => name === 'Bind')).toMatchObject([
      { parameters: [int32(1)] },
      { parameters: [int32(1)] },
    ])
    backend.send(...executed(1), closeComplete, readyForQuery(), ...executed(3))
    const [first, second, third] = await settledResults
    expect(first).toEqual([[1]])
    expect(second).toBeInstanceOf(EncodeError)
    expect(second).toMatchObject({ safeToRetry: true })
    expect(third).toEqual([[3]])
    // Its type may be another by now.
    query('select $1::int4', 4).catch(() => {})
    await backend.expect('Parse', 'Describe', 'Sync')
  })

  test('a text longer than a message may be is refused, and nothing of it is sent', async () => {
    const { backend, query, scene } = await open()
    const long = `select '${'€'.repeat(2_000)}'`
    // Stands in for a gigabyte of text.
    const byteLength = vi.spyOn(Buffer, 'byteLength').mockReturnValue(1.1 * 1024 ** 3)
    try {
      for (const refused of [query(long), query(long, 1), scene.script(long)]) {
        expect(await outcome(refused)).toMatchObject({
          name: 'EncodeError',
          safeToRetry: true,
          message: expect.stringContaining('the text of the query'),
        })
      }
      await backend.expect()
    } finally {
      byteLength.mockRestore()
    }
    const next = query('select f()')
    await backend.expect('Parse', 'Describe', 'Sync')
    backend.send(...prepared())
    await backend.expect('Bind', 'Execute', 'Sync')
    backend.send(...executed(1))
    expect(await next).toEqual([[1]])
  })

  test('a NUL in the text of a query is refused, and the connection goes on', async () => {
    const { backend, query, scene } = await open()
    expect(await outcome(query('select\0'))).toBeInstanceOf(InterfaceError)
    await backend.expect()
    outcome(scene.script('select f(1)'))
    await backend.expect('Query')
  })

  test('a value that cannot be decoded fails its query only', async () => {
    const { backend, query, scene } = await open()
    await scene.prepare('select f(1)')
    const broken = outcome(query('select f(1)'))
    const whole = query('select f(1)')
    await settled()
    backend.send(
      bindComplete,
      dataRow('too long for an int4'),
      dataRow(int32(2)),
      commandComplete('SELECT 2'),
      readyForQuery(),
      ...executed(3),
    )
    expect(await broken).toBeInstanceOf(DecodeError)
    expect(await whole).toEqual([[3]])
  })
})

describe('answers', () => {
  test('an empty query has no rows', async () => {
    const { backend, query } = await open()
    const rows = query('')
    await settled()
    backend.send(...prepared(0))
    await settled()
    backend.send(bindComplete, emptyQueryResponse, readyForQuery())
    expect(await rows).toEqual([])
  })

  test('a query that asks for one row may be suspended after it', async () => {
    const { backend, scene } = await open()
    await scene.prepare('select f(1)')
    const request = new QueryRequest('select f(1)', [], {
      maxRows: 1,
      decoder: (plan) => plan.valueDecoder(0),
      result: (rows, tag) => [rows, tag],
    })
    scene.wire.submit(request)
    expect(await backend.expect('Bind', 'Execute', 'Sync')).toMatchObject([{}, { maxRows: 1 }, {}])
    backend.send(bindComplete, dataRow(int32(1)), portalSuspended, readyForQuery())
    expect(await request.promise).toEqual([[1], ''])
  })

  test('the result of a script is that of its last statement', async () => {
    const { backend, scene } = await open()
    const result = scene.script('insert …; update …')
    await settled()
    backend.send(commandComplete('INSERT 0 5'), commandComplete('UPDATE 2'), readyForQuery())
    expect(await result).toEqual({ command: 'UPDATE', rowCount: 2, tag: 'UPDATE 2' })
  })

  test('an error within a script is its outcome', async () => {
    const { backend, scene } = await open()
    const result = outcome(scene.script('insert …; updte …'))
    await settled()
    backend.send(commandComplete('INSERT 0 5'), errorResponse('42601', 'no'), readyForQuery())
    expect(await result).toMatchObject({ code: '42601', query: 'insert …; updte …' })
  })
})

describe('backpressure', () => {
  test('after a write that the kernel did not take nothing is written until it drains', async () => {
    const { backend, scene } = await open()
    scene.transport.isAccepting = false
    const first = scene.script('one')
    await backend.expect('Query')
    const second = scene.script('two')
    const third = scene.script('three')
    await backend.expect()
    scene.transport.drain()
    expect(await backend.expect('Query', 'Query')).toMatchObject([{ sql: 'two' }, { sql: 'three' }])
    for (const tag of ['ONE', 'TWO', 'THREE']) backend.send(commandComplete(tag), readyForQuery())
    const tags = (await Promise.all([first, second, third])).map(({ tag }) => tag)
    expect(tags).toEqual(['ONE', 'TWO', 'THREE'])
  })

  test('answers are read while the kernel takes nothing', async () => {
    const { backend, scene } = await open()
    scene.transport.isAccepting = false
    const result = scene.script('one')
    await backend.expect('Query')
    backend.send(commandComplete('ONE'), readyForQuery())
    expect(await result).toMatchObject({ tag: 'ONE' })
  })

  test('a long batch does not wait for the end of the turn', async () => {
    const { scene } = await open()
    const writes = scene.transport.writes.length
    for (let i = 0; i < 10; i++) outcome(scene.script(`select '${'x'.repeat(100_000)}'`))
    const early = scene.transport.writes.slice(writes)
    expect(early.length).toBeGreaterThan(0)
    expect(Math.max(...early.map(({ length }) => length))).toBeLessThan(1_000_000)
    await settled()
    const total = scene.transport.writes.slice(writes).reduce((sum, { length }) => sum + length, 0)
    expect(total).toBeGreaterThan(1_000_000)
  })
})

describe('exclusive requests', () => {
  test('nothing is written behind a query that may COPY until it is over', async () => {
    const { backend, scene } = await open()
    const first = scene.script('copy t to program $$true$$')
    const second = scene.script('select f(1)')
    await backend.expect('Query')
    backend.send(commandComplete('COPY 0'), readyForQuery())
    await backend.expect('Query')
    backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await first).toMatchObject({ command: 'COPY' })
    expect(await second).toMatchObject({ command: 'SELECT' })
  })

  test('a query that may COPY goes behind others at once', async () => {
    const { backend, scene } = await open()
    outcome(scene.script('select f(1)'))
    outcome(scene.script('copy t from program $$true$$'))
    await backend.expect('Query', 'Query')
  })
})

async function open() {
  const scene = await Scene.ready()
  return { scene, backend: scene.backend, query: scene.query.bind(scene) }
}
