/** Writes the pages of docs/ that are made from the code: `npm run docs`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { optionsPage } from './options-page.js'
import { typesPage } from './types-page.js'

const pages: Readonly<Record<string, () => string>> = {
  'options.md': optionsPage,
  'types.md': typesPage,
}

for (const [name, page] of Object.entries(pages)) {
  writeFileSync(fileURLToPath(new URL(`../docs/${name}`, import.meta.url)), page())
}
