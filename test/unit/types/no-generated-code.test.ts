import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const FOLDER = new URL('../../../src/types/', import.meta.url).href
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const UUID = '0b30557a-9fc4-e90e-3358-7da2c7ec1136'
const PROGRAM = `
  const load = (path) => import(${JSON.stringify(FOLDER)} + path)
  const { compileObjectDecoder } = await load('row-decoder.ts')
  const { uuid } = await load('codecs/uuid.ts')
  const { text } = await load('codecs/text.ts')
  const codecs = { id: uuid, name: text }
  const columns = Object.entries(codecs).map(([name, codec]) => ({ name, codec, format: 1 }))
  const id = Buffer.from('${UUID.replaceAll('-', '')}', 'hex')
  const row = Buffer.concat([Buffer.from([0, 2, 0, 0, 0, 16]), id, Buffer.from([0, 0, 0, 2]), Buffer.from('ab')])
  let forbidden = false
  try { new Function('') } catch { forbidden = true }
  console.log(JSON.stringify({ forbidden, row: compileObjectDecoder(columns)(row, 0, row.length) }))
`

test('rows are read where no code may be made from text', () => {
  const args = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module']
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '-e', PROGRAM], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({ forbidden: true, row: { id: UUID, name: 'ab' } })
})
