import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Passfile, readPassfile } from '../../../src/config/passfile.js'

const KEY = { host: 'db1', port: 5432, database: 'app', user: 'alice' }

describe('a line fits', () => {
  const cases: readonly (readonly [
    name: string,
    content: string,
    found: string | undefined,
    key?: Partial<typeof KEY>,
  ])[] = [
    ['literally', 'db1:5432:app:alice:secret', 'secret'],
    ['by wildcards', '*:*:*:*:secret', 'secret'],
    ['not with another host', 'db2:5432:app:alice:secret', undefined],
    ['not with another port', 'db1:5433:app:alice:secret', undefined],
    ['not with another database', 'db1:5432:other:alice:secret', undefined],
    ['not with another user', 'db1:5432:app:bob:secret', undefined],
    ['the first of several', 'db2:*:*:*:a\ndb1:*:*:*:b\n*:*:*:*:c', 'b'],
    ['not when it is a comment', '#db1:5432:app:alice:secret', undefined],
    ['beside comments and empty lines', '# x\n\ndb1:5432:app:alice:secret\n', 'secret'],
    ['with line ends of Windows', 'db1:5432:app:alice:secret\r\n', 'secret'],
    ['not with an asterisk in a word', 'db*:5432:app:alice:secret', undefined],
    ['not with an escaped asterisk', '\\*:5432:app:alice:secret', undefined],
    ['with an escaped asterisk, literally', '*:*:\\*:*:secret', 'secret', { database: '*' }],
    ['with escaped colons', '\\:\\:1:5432:app:alice:secret', 'secret', { host: '::1' }],
    ['with an escaped backslash', '*:*:a\\\\b:*:secret', 'secret', { database: 'a\\b' }],
    ['colons in the password', '*:*:*:*:se:cr:et', 'se:cr:et'],
    ['escapes in the password', '*:*:*:*:a\\:b\\\\c', 'a:b\\c'],
    ['a backslash at the end of the password', '*:*:*:*:a\\', 'a\\'],
    ['spaces in the password', '*:*:*:*: a b ', ' a b '],
    ['not when it has too few fields', 'db1:5432:app:alice', undefined],
    ['without a password, giving none', 'db1:5432:app:alice:', undefined],
    ['beyond ASCII', 'db1:5432:app:alice:pässwörd🐘', 'pässwörd🐘'],
  ]
  for (const [name, content, found, key] of cases) {
    test(name, () => {
      expect(new Passfile(content).find({ ...KEY, ...key })).toBe(found)
    })
  }
})

describe('the file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-passfile-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  function file(mode: number): string {
    const path = join(folder, `pgpass-${mode.toString(8)}`)
    writeFileSync(path, '*:*:*:*:secret\n')
    chmodSync(path, mode)
    return path
  }

  for (const mode of [0o600, 0o400]) {
    test(`is read with mode ${mode.toString(8)}`, () => {
      const passfile = readPassfile(file(mode), 'linux')
      expect([passfile.find(KEY), passfile.problem]).toEqual(['secret', undefined])
    })
  }

  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o644]) {
    test(`is ignored with mode ${mode.toString(8)}, and why is told`, () => {
      const passfile = readPassfile(file(mode), 'linux')
      expect(passfile.find(KEY)).toBeUndefined()
      expect(passfile.problem).toMatch(/pgpass-6\d\d was ignored: .*chmod 0600/)
    })
  }

  test('is read with any mode on Windows', () => {
    expect(readPassfile(file(0o644), 'win32').find(KEY)).toBe('secret')
  })

  test('is not used when it does not exist', () => {
    const passfile = readPassfile(join(folder, 'none'))
    expect(passfile.find(KEY)).toBeUndefined()
    expect(passfile.problem).toMatch(/none was not used: there is no such file/)
  })

  test('is not used when it is a directory', () => {
    const path = join(folder, 'directory')
    mkdirSync(path)
    expect(readPassfile(path).problem).toMatch(/directory was ignored: it is not a plain file/)
  })
})

test('a passfile shows no password', () => {
  const passfile = new Passfile('*:*:*:*:secret')
  expect(inspect(passfile, { showHidden: true }) + JSON.stringify(passfile)).not.toContain('secret')
})
