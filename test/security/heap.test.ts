import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testServer } from '../support/server.js'

const ROOT = new URL('../../', import.meta.url)
const DRIVER = new URL('dist/index.js', ROOT).href

/*
 * The built driver, since what compiles the sources would be most of the heap. The password comes backwards, so that the program, its environment and its arguments do not hold it. What a
 * snapshot shows are the strings and objects of JavaScript; bytes of buffers are not in it.
 */
const PROGRAM = `
  import { readFileSync, rmSync } from 'node:fs'
  import { writeHeapSnapshot } from 'node:v8'
  const { connect, createPool } = await import(${JSON.stringify(DRIVER)})
  const { dsn, backwards, how, file } = JSON.parse(process.env.CASE)
  const reveal = () => [...backwards].reverse().join('')
  const count = async () => {
    for (let i = 0; i < 3; i++) { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 20)) }
    const path = writeHeapSnapshot(file)
    const text = readFileSync(path, 'utf8')
    rmSync(path)
    return text.split(reveal()).length - 1
  }
  const open = () => {
    const password = how === 'provider' ? async () => reveal() : reveal()
    return createPool(dsn, { password, minSize: 2, maxSize: 2 })
  }
  let pool = await open()
  await pool.fetch('select 1')
  pool.expireConnections()
  await pool.fetch('select 1')
  const idle = await count()
  await pool.close()
  pool = undefined
  const error = await connect(dsn, { password: 'wrong' + reveal() }).catch((error) => error)
  const failed = await count()
  console.log(JSON.stringify({ idle, failed, error: error.code }))
`

function counts(dsn: string, password: string, how: 'provider' | 'string'): unknown {
  const args = ['--expose-gc', '--input-type=module', '-e', PROGRAM]
  const backwards = [...password].reverse().join('')
  const file = join(tmpdir(), `sluice-${randomUUID()}.heapsnapshot`)
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CASE: JSON.stringify({ dsn, backwards, how, file }) },
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

test.each(['scram-sha-256', 'password'] as const)(
  '%s: the heap holds no password that a function gives, neither idle nor after an error',
  async (auth) => {
    const server = await testServer()
    const url = new URL(server.dsn({ auth, sslmode: 'require' }))
    const password = decodeURIComponent(url.password)
    url.password = ''
    const found = counts(url.href, password, 'provider')
    expect(found).toEqual({ idle: 0, failed: 0, error: '28P01' })
  },
)

test('a password given as a string is kept by the pool alone, which needs it to reconnect', async () => {
  const server = await testServer()
  const url = new URL(server.dsn({ auth: 'scram-sha-256' }))
  const password = decodeURIComponent(url.password)
  url.password = ''
  const found = counts(url.href, password, 'string')
  expect(found).toEqual({ idle: 1, failed: 0, error: '28P01' })
})
