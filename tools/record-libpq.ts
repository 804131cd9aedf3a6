/**
 * Records what the libpq of this machine makes of the connection strings of the tests:
 * `npx tsx tools/record-libpq.ts` writes test/fixtures/libpq-conninfo.json.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Libpq } from '../test/support/libpq.js'
import { libpqCorpus } from '../test/support/libpq-corpus.js'

const RANDOM_STRINGS = 700

const libpq = Libpq.open()
if (typeof libpq === 'string') throw new Error(libpq)
const texts = libpqCorpus(RANDOM_STRINGS)
const answers = libpq.parse(texts)
const cases = texts.map((text, i) => `    ${JSON.stringify([text, answers[i]])}`)
const record = [
  '{',
  `  "version": ${libpq.version},`,
  `  "keys": ${JSON.stringify(libpq.keys)},`,
  '  "cases": [',
  cases.join(',\n'),
  '  ]',
  '}',
]
libpq.close()
const file = fileURLToPath(new URL('../test/fixtures/libpq-conninfo.json', import.meta.url))
writeFileSync(file, `${record.join('\n')}\n`)
