import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { connect } from '../../src/index.js'
import { testServer } from './server.js'

/** Makes a database of its own for a test file, by a script, and drops it at the end. */
export function useDatabase(script: string): { readonly dsn: () => string } {
  const name = `sluice_${randomBytes(6).toString('hex')}`
  let dsn = ''
  beforeAll(async () => {
    const { adminDsn } = await testServer()
    const url = new URL(adminDsn)
    url.pathname = name
    dsn = url.href
    await run(adminDsn, `create database ${name}`)
    await run(dsn, script)
  })
  afterAll(async () => {
    await run((await testServer()).adminDsn, `drop database ${name} with (force)`)
  })
  return { dsn: () => dsn }
}

async function run(dsn: string, script: string): Promise<void> {
  await using conn = await connect(dsn)
  await conn.execute(script)
}
