import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MODULE = new URL('../../../src/types/row-decoder.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const PROGRAM = `
  const { compileObjectDecoder } = await import(${JSON.stringify(MODULE)})
  const codec = { name: 'bool', decodeText: () => 1, decodeBinary: (buf, start) => buf[start] === 1 }
  const decode = compileObjectDecoder([{ name: 'ok', codec, format: 1 }])
  let forbidden = false
  try { new Function('') } catch { forbidden = true }
  console.log(JSON.stringify({ forbidden, row: decode(Buffer.from([0, 1, 0, 0, 0, 1, 1]), 0, 7) }))
`

test('rows are read where no code may be made from text', () => {
  const args = ['--disallow-code-generation-from-strings', '--import', 'tsx', '--input-type=module']
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '-e', PROGRAM], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({ forbidden: true, row: { ok: true } })
})
