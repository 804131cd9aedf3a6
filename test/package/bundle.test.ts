import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { testServer } from '../support/server.js'
import { repository, ScratchProject } from './scratch-project.js'

const project = new ScratchProject()
afterAll(() => project.remove())

/** Uses what is loaded by `import()`, too: a trace, a pool of several hosts. */
const APPLICATION = `
  import { connect, createPool, PostgresError } from '${join(repository, 'dist/index.js')}'

  async function main(dsn) {
    let trace = ''
    const conn = await connect(dsn, { trace: { write: (text) => (trace += text) } })
    const error = await conn.fetch('select 1 / 0').catch((error) => error)
    await conn.close()
    const { hostname, port } = new URL(dsn)
    const pool = await createPool(dsn, { host: [hostname, hostname], port: [Number(port), Number(port)] })
    const sum = await pool.fetchval('select sum(n)::int from unnest($1::int[]) n', [[1, 2]])
    await pool.close()
    console.log(error instanceof PostgresError, trace.includes('ErrorResponse'), sum)
  }
  main(process.argv[2])`

const BUNDLES = [
  ['one ES module', 'esm', false],
  ['several ES modules', 'esm', true],
  ['one CommonJS file', 'cjs', false],
] as const

test.each(BUNDLES)('an application bundled as %s works', async (name, format, splitting) => {
  const folder = name.replaceAll(' ', '-')
  const extension = format === 'esm' ? '.mjs' : '.cjs'
  project.write('application.mjs', APPLICATION)
  await build({
    entryPoints: [join(project.path, 'application.mjs')],
    bundle: true,
    splitting,
    minify: true,
    format,
    platform: 'node',
    target: 'node20',
    outdir: join(project.path, folder),
    outExtension: { '.js': extension },
  })
  const dsn = (await testServer()).dsn({ auth: 'scram-sha-256', sslmode: 'require' })
  const { stdout, stderr } = project.node(join(folder, `application${extension}`), dsn)
  expect(stderr).toBe('')
  expect(stdout).toBe('true true 3\n')
})
