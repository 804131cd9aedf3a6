import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { scanImports } from './support/import-scanner.js'
import { IMPORT_TABLE, type ImportRow } from './support/import-table.js'
import {
  findBusyEntries,
  findCycles,
  findDefaultExports,
  findForbiddenImports,
  findLongFiles,
  type Sources,
} from './support/source-rules.js'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** The TypeScript files of a folder of the repository, by their path in it; not those of packages. */
function readSources(folder: string): Sources {
  const root = join(repository, folder)
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
  const paths = files
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => !path.includes('node_modules'))
  return new Map(
    paths.map((path) => [relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')]),
  )
}

describe('src', () => {
  const sources = readSources('src')

  test('is not empty', () => {
    expect(sources.size).toBeGreaterThan(20)
  })
  test('imports only what the table allows', () => {
    expect(findForbiddenImports(sources, IMPORT_TABLE)).toEqual([])
  })
  test('has no import cycle', () => {
    expect(findCycles(sources)).toEqual([])
  })
  test('has no default export', () => {
    expect(findDefaultExports(sources)).toEqual([])
  })
  test('has entries that only re-export', () => {
    expect(findBusyEntries(sources)).toEqual([])
  })
  test('has a file behind every row of the table', () => {
    const isUsed = ({ files }: ImportRow): boolean =>
      [...sources.keys()].some((path) => files.some((prefix) => path.startsWith(prefix)))
    expect(IMPORT_TABLE.filter((row) => !isUsed(row))).toEqual([])
  })
})

for (const folder of ['src', 'test', 'bench', 'examples']) {
  test(`${folder} has no file over 400 lines`, () => {
    expect(findLongFiles(readSources(folder))).toEqual([])
  })
}

describe('the scanner of imports', () => {
  const plain = { isTypeOnly: false, isDynamic: false }
  const types = { isTypeOnly: true, isDynamic: false }
  const called = { isTypeOnly: false, isDynamic: true }
  const cases: readonly (readonly [code: string, specifier: string, kind: typeof plain])[] = [
    [`import { a } from './a.js'`, './a.js', plain],
    [`import {\n  a,\n  type B,\n} from './a.js'`, './a.js', plain],
    [`import * as a from "./a.js"`, './a.js', plain],
    [`import './a.js'`, './a.js', plain],
    [`export { a } from './a.js'`, './a.js', plain],
    [`export * from './a.js'`, './a.js', plain],
    [`import type { A } from './a.js'`, './a.js', types],
    [`import type * as a from './a.js'`, './a.js', types],
    [`export type { A } from './a.js'`, './a.js', types],
    [`import { type A, type B as C } from './a.js'`, './a.js', types],
    [`const { a } = await import('./a.js')`, './a.js', called],
    [`const url = 'https://a' // import './b.js'\nimport('./a.js')`, './a.js', called],
  ]
  for (const [code, specifier, kind] of cases) {
    test(`finds the one in ${JSON.stringify(code)}`, () => {
      expect(scanImports(code)).toEqual([{ specifier, ...kind }])
    })
  }

  const without: readonly string[] = [
    `/** import { a } from './a.js' */`,
    `// import('./a.js')`,
    `export const from = 'a'`,
    `export type Import = 'a' | 'b'`,
    `export function connect(host = 'localhost'): void {}`,
  ]
  for (const code of without) {
    test(`finds none in ${JSON.stringify(code)}`, () => {
      expect(scanImports(code)).toEqual([])
    })
  }
})

describe('the rules complain about', () => {
  const sample = (files: Readonly<Record<string, string>>): Sources =>
    new Map([
      ['base/errors.ts', ''],
      ['protocol/frontend.ts', ''],
      ['config/resolve.ts', ''],
      ['transport/socket.ts', ''],
      ['transport/transport.ts', ''],
      ['pool/pool.ts', ''],
      ['pool/index.ts', ''],
      ...Object.entries(files),
    ])
  const forbidden: readonly (readonly [path: string, code: string, complaint: string])[] = [
    ['base/a.ts', `import '../protocol/frontend.js'`, 'may not import protocol/frontend.ts'],
    [
      'base/a.ts',
      `import type { A } from '../protocol/frontend.js'`,
      'may not import the types of protocol/frontend.ts',
    ],
    ['wire/a.ts', `import { a } from '../config/resolve.js'`, 'may not import config/resolve.ts'],
    ['wire/a.ts', `import '../transport/socket.js'`, 'may not import transport/socket.ts'],
    ['pool/resource-pool.ts', `import './pool.js'`, 'may not import pool/pool.ts'],
    ['protocol/a.ts', `import { connect } from 'node:net'`, 'may not import node:net'],
    ['wire/connector.ts', `import { connect } from 'node:net'`, 'may not import node:net'],
    ['types/a.ts', `const fs = await import('node:fs')`, 'may not import node:fs'],
    ['pool/a.ts', `import { Pool } from 'pg'`, 'may not import pg'],
    ['testing/a.ts', `import { a } from 'testcontainers'`, 'may not import testcontainers'],
    ['testing/a.ts', `import '../pool/pool.js'`, 'may not import pool/pool.ts'],
    ['pool/a.ts', `import './index.js'`, 'imports pool/index.ts, an entry for users'],
    ['pool/a.ts', `import './missing.js'`, 'imports ./missing.js, which does not exist'],
    ['elsewhere/a.ts', '', 'is in no row of the import table'],
  ]
  for (const [path, code, complaint] of forbidden) {
    test(`${JSON.stringify(code)} in ${path}`, () => {
      expect(findForbiddenImports(sample({ [path]: code }), IMPORT_TABLE)).toEqual([
        `${path} ${complaint}`,
      ])
    })
  }

  test('nothing that the table allows', () => {
    const allowed = sample({
      'wire/a.ts': `import type { A } from '../config/resolve.js'\nimport '../transport/transport.js'`,
      'wire/connector.ts': `import '../transport/socket.js'`,
      'config/a.ts': `import type { A } from 'node:crypto'`,
      'transport/a.ts': `import { connect } from 'node:net'\nimport './socket.js'`,
      'testing/a.ts': `const engine = await import('testcontainers')\nimport type { A } from 'testcontainers'`,
      'pool/a.ts': `import './pool.js'\nimport '../base/errors.js'`,
    })
    expect(findForbiddenImports(allowed, IMPORT_TABLE)).toEqual([])
  })

  test('a cycle, also one of types', () => {
    const sources = new Map([
      ['a.ts', `import './b/c.js'`],
      ['b/c.ts', `import type { D } from './d.js'\nimport '../leaf.js'`],
      ['b/d.ts', `export { a } from '../a.js'`],
      ['leaf.ts', ''],
    ])
    expect(findCycles(sources)).toEqual(['a.ts → b/c.ts → b/d.ts → a.ts'])
  })

  test('a file of 401 lines that no tool wrote', () => {
    const lines = 'a\n'.repeat(400)
    const sources = new Map([
      ['long.ts', `${lines}a\n`],
      ['full.ts', lines],
      ['table.ts', `/**\n * Generated by tools/generate-a.ts.\n */\n${lines}`],
    ])
    expect(findLongFiles(sources)).toEqual(['long.ts has 401 lines, more than 400'])
  })

  test('default exports', () => {
    const sources = new Map([
      ['a.ts', 'export default class A {}'],
      ['b.ts', `export { b as default } from './a.js'`],
      ['c.ts', '// export default c\nexport const c = 1'],
    ])
    expect(findDefaultExports(sources)).toEqual([
      'a.ts has a default export',
      'b.ts has a default export',
    ])
  })

  test('an entry with code, or with everything of a module', () => {
    const sources = new Map([
      [
        'index.ts',
        `/** Doc. */\nexport { a, type B } from './a.js'\nexport type { C } from './c.js'`,
      ],
      ['b/index.ts', `export { b } from './b.js'\nexport const c = 1`],
      ['c/index.ts', `export * from './c.js'`],
      ['c/c.ts', 'export const c = 1'],
    ])
    expect(findBusyEntries(sources)).toEqual([
      'b/index.ts does more than re-export: export const c = 1',
      `c/index.ts does more than re-export: export * from './c.js'`,
    ])
  })
})
