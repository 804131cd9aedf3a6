import { expect, test } from 'vitest'
import { settled } from '../../support/fake-backend.js'
import { errorResponse, readyForQuery } from '../../support/server-messages.js'
import { forbidUnhandledRejections, outcome, prepared, Scene } from './scene.js'

forbidUnhandledRejections()

type Failure = readonly [name: string, fail: (scene: Scene) => void | Promise<void>]

const failures: readonly Failure[] = [
  [
    'an error of the server',
    (scene) => scene.backend.send(...prepared(1, 1), errorResponse('22012', 'no'), readyForQuery()),
  ],
  [
    'a refused statement',
    (scene) => scene.backend.send(errorResponse('42601', 'no'), readyForQuery()),
  ],
  ['the loss of the connection', (scene) => scene.transport.close()],
  ['a broken protocol', (scene) => scene.backend.send(readyForQuery())],
]

for (const [name, fail] of failures) {
  test(`${name} is reported with the stack of the code that awaits the query`, async () => {
    const scene = await Scene.ready()
    const error = outcome(placeAnOrder(scene, 1))
    await settled()
    await fail(scene)
    const { stack } = (await error) as Error
    expect(stack).toContain('placeAnOrder')
    expect(stack).toContain('insertTheOrder')
    expect(stack).toContain('caller-stack.test')
    expect(stack).not.toContain('rejectInCaller')
  })
}

test('a parameter that cannot be encoded is reported with that stack', async () => {
  const scene = await Scene.ready()
  await scene.prepare('select $1::int4', 1, 1)
  const error = (await outcome(placeAnOrder(scene, 'one'))) as Error
  expect(error.name).toBe('EncodeError')
  expect(error.stack).toContain('placeAnOrder')
})

test('the stack begins with the name and the message of the error', async () => {
  const scene = await Scene.ready()
  const error = outcome(placeAnOrder(scene, 1))
  await settled()
  scene.backend.send(errorResponse('42601', 'syntax error at "x"'), readyForQuery())
  expect(((await error) as Error).stack).toMatch(
    /^SyntaxErrorOrAccessRuleViolation: syntax error at "x"\n {4}at /,
  )
})

async function placeAnOrder(scene: Scene, id: unknown): Promise<void> {
  await insertTheOrder(scene, id)
}

async function insertTheOrder(scene: Scene, id: unknown): Promise<unknown[]> {
  return await scene.query('select $1::int4', id)
}
