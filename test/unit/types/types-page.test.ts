import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { typesPage } from '../../../tools/types-page.js'

test('docs/types.md is what `npm run docs` writes', () => {
  const page = readFileSync(new URL('../../../docs/types.md', import.meta.url), 'utf8')
  expect(page).toBe(typesPage())
})

test('docs/types.md has a row for every built-in type and every extension type', () => {
  const page = typesPage()
  for (const name of ['int8', 'jsonb', 'regclass', 'record', 'int8range', 'hstore', 'sparsevec']) {
    expect(page).toContain(`| ${name} |`)
  }
})
