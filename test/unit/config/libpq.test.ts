import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { parseConnectionString } from '../../../src/config/connection-string.js'
import { Libpq, type LibpqAnswer } from '../../support/libpq.js'

/*
 * What libpq itself makes of connection strings is recorded in a table by tools/record-libpq.ts. Where
 * there are a compiler and a libpq, it is asked about new strings, too.
 */

interface Recorded {
  readonly version: number
  readonly keys: readonly string[]
  readonly cases: readonly (readonly [text: string, answer: LibpqAnswer])[]
}

const path = new URL('../../fixtures/libpq-conninfo.json', import.meta.url)
const recorded: Recorded = JSON.parse(readFileSync(path, 'utf8'))

function parse(text: string, keys: readonly string[]): LibpqAnswer {
  try {
    return Object.fromEntries(parseConnectionString(text, keys))
  } catch {
    return null
  }
}

/** What sluice may make of a text: what libpq does, but for what it refuses on purpose. */
function allowed(text: string, theirs: LibpqAnswer): readonly LibpqAnswer[] {
  if (theirs === null) return [null]
  // libpq looks up as a host what is most likely the tail of a password with an "@" in it.
  // The query may hide it behind another host.
  if (/^postgres(?:ql)?:\/\/[^@/]*@[^/?]*(?:@|%40)/.test(text)) return [null, theirs]
  // Bytes that are not UTF-8 are no text of JavaScript's.
  if (Object.values(theirs).some((value) => value.includes('\ufffd'))) return [null]
  return [theirs]
}

describe(`connection strings mean what they mean to libpq ${recorded.version}`, () => {
  test('is a table of hundreds, good and bad', () => {
    const refused = recorded.cases.filter(([, answer]) => answer === null)
    expect(recorded.cases.length).toBeGreaterThan(400)
    expect(refused.length).toBeGreaterThan(50)
    expect(recorded.cases.length - refused.length).toBeGreaterThan(150)
  })

  for (const [text, theirs] of recorded.cases) {
    test(JSON.stringify(text), () => {
      expect(allowed(text, theirs)).toContainEqual(parse(text, recorded.keys))
    })
  }
})

describe('asked live', () => {
  const libpq = Libpq.open()
  afterAll(() => {
    if (typeof libpq !== 'string') libpq.close()
  })

  test('libpq agrees about any string', ({ skip }) => {
    if (typeof libpq === 'string') {
      skip(libpq)
      return
    }
    const word = fc.constantFrom(
      ..."abhpu1%40%2F%zz:@/?#[]=&,'\\ \té".split(/(?=[^0-9a-z])/),
      'user',
      'host',
    )
    const body = fc.array(word, { maxLength: 14 }).map((words) => words.join(''))
    const pairs = fc
      .array(fc.tuple(fc.constantFrom('user', 'host', 'dbname', 'password'), body), {
        maxLength: 3,
      })
      .map((list) => list.map(([key, value]) => `${key}=${value}`).join(' '))
    const text = fc.oneof(
      body.map((rest) => `postgresql://${rest}`),
      fc.tuple(body, body).map(([host, query]) => `postgresql://u@h${host}/d?user=${query}`),
      pairs,
    )
    const texts = fc.sample(text, 2_000)
    const answers = libpq.parse(texts)
    for (const [i, each] of texts.entries()) {
      const ours = parse(each, libpq.keys)
      expect(allowed(each, answers[i] ?? null), JSON.stringify(each)).toContainEqual(ours)
    }
  })
})
