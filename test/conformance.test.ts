import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { hasTitle, readConformance } from './support/conformance.js'

const root = fileURLToPath(new URL('../', import.meta.url))
const rows = readConformance(readFileSync(`${root}docs/conformance.md`, 'utf8'))

describe('docs/conformance.md', () => {
  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(0)
  })

  test('names a test in every row, or says why there is none', () => {
    const bare = rows.filter(({ tests, leftOut }) => tests.length === 0 && leftOut === undefined)
    expect(bare.map(({ section, capability }) => `${section}: ${capability}`)).toEqual([])
  })

  test('names tests that exist', () => {
    const missing: string[] = []
    for (const { file, titles } of rows.flatMap((row) => row.tests)) {
      const source = existsSync(root + file) ? readFileSync(root + file, 'utf8') : ''
      const unknown = titles.filter((title) => !hasTitle(source, title))
      if (unknown.length > 0) missing.push(`${file} has no ${JSON.stringify(unknown)}`)
    }
    expect(missing).toEqual([])
  })
})

describe('the reader of the page', () => {
  const page = [
    '## A1 Protocol',
    '| capability | shown by |',
    '| ---------- | -------- |',
    '| one | `test/a.test.ts` › outer › a \\| b<br>`test/b.test.ts` › c |',
    '| two | _left out_: nobody asks for it |',
    '| three | some day |',
  ].join('\n')

  test('finds tests, reasons and their absence', () => {
    expect(readConformance(page)).toEqual([
      {
        section: 'A1 Protocol',
        capability: 'one',
        tests: [
          { file: 'test/a.test.ts', titles: ['outer', 'a | b'] },
          { file: 'test/b.test.ts', titles: ['c'] },
        ],
        leftOut: undefined,
      },
      { section: 'A1 Protocol', capability: 'two', tests: [], leftOut: 'nobody asks for it' },
      { section: 'A1 Protocol', capability: 'three', tests: [], leftOut: undefined },
    ])
  })

  const source = [
    "describe('group', () => {",
    "  for (const name of ['FIN', 'a reset']) test(`\u0024{name} is refused`, () => {})",
    "  test.each(table)('%s goes', () => {})",
    "  test('it\\'s so', async () => {})",
    '})',
  ].join('\n')

  test.each([
    ['group', true],
    ['a reset is refused', true],
    ['a flood is refused', false],
    ['FIN goes', true],
    ["it's so", true],
    ["it's", false],
  ] as const)('finds "%s": %s', (title, expected) => {
    expect(hasTitle(source, title)).toBe(expected)
  })
})
