import { beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { type TestServer, testServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await testServer()
})

/** What a session of a few queries writes, without the settings, which differ from version to version. */
async function session(): Promise<string> {
  let text = ''
  const stream = {
    write(more: string) {
      text += more
    },
  }
  const conn = await connect(server.dsn({ auth: 'trust', sslmode: 'disable' }), {
    maxProtocolVersion: '3.0',
    trace: { stream, timestamps: false, regress: true },
  })
  await conn.execute('select 1; select 2 where false')
  await conn.execute('select 1/0; select 2').catch(() => {})
  await conn.close()
  return text.replaceAll(/^B\t\w+\tParameterStatus\t.*\n/gm, '')
}

test('a session is traced as in test/fixtures/traces/session.trace', async () => {
  await expect(await session()).toMatchFileSnapshot('../fixtures/traces/session.trace')
})

test('a trace holds no password', async () => {
  let text = ''
  const dsn = server.dsn({ auth: 'password', sslmode: 'require' })
  const stream = { write: (more: string) => (text += more) }
  await (await connect(dsn, { trace: stream })).close()
  expect(text).toMatch(/PasswordMessage\t 'BBBB'/)
  expect(text).not.toContain(decodeURIComponent(new URL(dsn).password))
  expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\tF\t\d+\tStartupMessage\t 3 2 /)
})
