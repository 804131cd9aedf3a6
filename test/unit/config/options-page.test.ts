import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { optionsPage } from '../../../tools/options-page.js'

test('docs/options.md is what the tables say (npm run docs)', () => {
  const path = new URL('../../../docs/options.md', import.meta.url)
  expect(readFileSync(path, 'utf8')).toBe(optionsPage())
})
