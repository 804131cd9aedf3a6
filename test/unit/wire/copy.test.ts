import { describe, expect, test } from 'vitest'
import { InterfaceError } from '../../../src/base/errors.js'
import { CopyCommand } from '../../../src/wire/requests/copy-command.js'
import { CopyInRequest } from '../../../src/wire/requests/copy-in.js'
import { settled } from '../../support/fake-backend.js'
import {
  bindComplete,
  commandComplete,
  copyData,
  copyDone,
  copyInResponse,
  copyOutResponse,
  errorResponse,
  parseComplete,
  readyForQuery,
} from '../../support/server-messages.js'
import { executed, forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

const COPY_FAILED = errorResponse('57014', 'COPY from stdin failed')

test('a piece that is too long for one message goes in several', async () => {
  const scene = await Scene.ready()
  const copy = new CopyInRequest(CopyCommand.of('copy t from stdin'))
  scene.wire.submit(copy)
  await scene.backend.expect('Parse', 'Bind', 'Execute', 'Flush')
  scene.backend.send(parseComplete, bindComplete, copyInResponse)
  expect(await copy.writable()).toBe(true)
  copy.add(new Uint8Array(16 * 1024 * 1024 + 1))
  copy.finish()
  const [first, second] = await scene.backend.expect('CopyData', 'CopyData', 'CopyDone', 'Sync')
  expect([first?.data?.length, second?.data?.length]).toEqual([16 * 1024 * 1024, 1])
  scene.backend.send(commandComplete('COPY 1'), readyForQuery())
  expect(await copy.promise).toMatchObject({ tag: 'COPY 1' })
})

describe('COPY FROM STDIN by a plain query', () => {
  test('simple: CopyFail ends it, and the connection stays in step', async () => {
    const scene = await Scene.ready()
    const { backend } = scene
    const copy = outcome(scene.script('copy t from stdin'))
    const next = scene.script('select f(1)')
    await backend.expect('Query')
    backend.send(copyInResponse)
    await backend.expect('CopyFail')
    backend.send(COPY_FAILED, readyForQuery())
    await backend.expect('Query')
    backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await copy).toBeInstanceOf(InterfaceError)
    expect(await copy).toMatchObject({ safeToRetry: false })
    expect(await next).toMatchObject({ tag: 'SELECT 1' })
  })

  test('extended: Flush goes in the place of Sync, which follows the outcome', async () => {
    const scene = await Scene.ready()
    const { backend } = scene
    const copy = outcome(scene.query('copy t from stdin'))
    const next = scene.query('select f(1)')
    await prepareCopy(scene)
    backend.send(bindComplete, copyInResponse)
    await backend.expect('CopyFail')
    backend.send(COPY_FAILED)
    await backend.expect('Sync')
    backend.send(readyForQuery())
    expect(await copy).toBeInstanceOf(InterfaceError)
    await answerNext(scene)
    expect(await next).toEqual([[1]])
  })

  test('extended: an error before the data is asked for gets one Sync', async () => {
    const scene = await Scene.ready()
    const { backend } = scene
    const copy = outcome(scene.query('copy v from stdin'))
    const next = scene.query('select f(1)')
    await prepareCopy(scene)
    backend.send(bindComplete, copyInResponse, errorResponse('42809', 'cannot copy to view'))
    await backend.expect('CopyFail', 'Sync')
    backend.send(readyForQuery())
    expect(await copy).toBeInstanceOf(InterfaceError)
    await answerNext(scene)
    expect(await next).toEqual([[1]])
  })

  test('extended: an error of Bind gets one Sync', async () => {
    const scene = await Scene.ready()
    const copy = outcome(scene.query('copy t from stdin'))
    await prepareCopy(scene)
    scene.backend.send(errorResponse('25P02', 'in failed transaction'))
    await scene.backend.expect('Sync')
    scene.backend.send(readyForQuery('E'))
    expect(await copy).toMatchObject({ code: '25P02' })
    expect(scene.wire.session.transactionStatus).toBe('failed')
  })

  test('extended: text that only mentions COPY gets its rows', async () => {
    const scene = await Scene.ready()
    const rows = scene.query('select copy from documents')
    await scene.backend.expect('Parse', 'Describe', 'Sync')
    scene.backend.send(...prepared())
    await scene.backend.expect('Bind', 'Execute', 'Flush')
    const answer = executed(1, 2)
    scene.backend.send(...answer.slice(0, -1))
    await scene.backend.expect('Sync')
    scene.backend.send(readyForQuery())
    expect(await rows).toEqual([[1], [2]])
  })
})

describe('COPY TO STDOUT by a plain query', () => {
  const data = [copyOutResponse, copyData('1\n'), copyData('2\n'), copyDone]

  test('simple: the data are passed over, and the connection stays in step', async () => {
    const scene = await Scene.ready()
    const { backend } = scene
    const copy = outcome(scene.script('copy t to stdout'))
    const next = scene.script('select f(1)')
    await backend.expect('Query')
    backend.send(...data, commandComplete('COPY 2'), readyForQuery())
    await backend.expect('Query')
    backend.send(commandComplete('SELECT 1'), readyForQuery())
    expect(await copy).toBeInstanceOf(InterfaceError)
    expect(await next).toMatchObject({ tag: 'SELECT 1' })
  })

  test('extended: the data are passed over, and the connection stays in step', async () => {
    const scene = await Scene.ready()
    const copy = outcome(scene.query('copy t to stdout'))
    const next = scene.query('select f(1)')
    await prepareCopy(scene)
    scene.backend.send(bindComplete, ...data, commandComplete('COPY 2'))
    await scene.backend.expect('Sync')
    scene.backend.send(readyForQuery())
    expect(await copy).toBeInstanceOf(InterfaceError)
    await answerNext(scene)
    expect(await next).toEqual([[1]])
  })

  test('an error within the data ends it', async () => {
    const scene = await Scene.ready()
    const copy = outcome(scene.script('copy t to stdout'))
    await settled()
    scene.backend.send(copyOutResponse, copyData('1\n'), errorResponse('57014', 'canceled'))
    scene.backend.send(readyForQuery())
    expect(await copy).toBeInstanceOf(InterfaceError)
    expect(scene.wire.isIdle).toBe(true)
  })
})

async function prepareCopy({ backend }: Scene): Promise<void> {
  await backend.expect('Parse', 'Describe', 'Sync')
  backend.send(...prepared(0))
  await backend.expect('Bind', 'Execute', 'Flush')
}

async function answerNext({ backend }: Scene): Promise<void> {
  await backend.expect('Parse', 'Describe', 'Sync')
  backend.send(...prepared())
  await backend.expect('Bind', 'Execute', 'Sync')
  backend.send(...executed(1))
}
