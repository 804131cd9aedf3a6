import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  ConnectionClosedError,
  ConnectionError,
  InterfaceError,
  QueryTimeoutError,
} from '../../../src/base/errors.js'
import { excerpt } from '../../../src/base/excerpt.js'
import { newPostgresError } from '../../../src/base/server-errors.js'

describe('the excerpt of a query', () => {
  const long = `select ${'a'.repeat(100)} frm ${'b'.repeat(100)}`
  const cases: [name: string, text: string, position: number, lines: string[]][] = [
    ['one line', 'select * fro t', 10, ['LINE 1: select * fro t', '                 ^']],
    ['the first character', 'selec', 1, ['LINE 1: selec', '        ^']],
    ['the end of input', 'select', 7, ['LINE 1: select', '              ^']],
    ['a later line', 'select 1,\n  x\nfrom t', 13, ['LINE 2:   x', '          ^']],
    ['a line that begins there', 'a\nb', 3, ['LINE 2: b', '        ^']],
    ['the newline itself', 'a\nb', 2, ['LINE 1: a', '         ^']],
    ['an empty text', '', 1, ['LINE 1: ', '        ^']],
    [
      'code points, not UTF-16',
      "select '😀😀', x",
      14,
      ["LINE 1: select '😀😀', x", `${' '.repeat(21)}^`],
    ],
    ['tabs and CR LF', 'a\r\n\tb', 5, ['LINE 2:  b', '         ^']],
    ['a position beyond the text', 'a', 3, []],
    ['a position below it', 'a', 0, []],
    ['no number', 'a', Number.NaN, []],
  ]
  for (const [name, text, position, lines] of cases) {
    test(name, () => expect(excerpt(text, position)).toEqual(lines))
  }

  test('a long line is cut around the place', () => {
    const [line = '', caret = ''] = excerpt(long, 109)
    expect(line).toMatch(/^LINE 1: \.\.\.a+ frm b+\.\.\.$/)
    expect(line.length).toBeLessThan(90)
    expect(line.slice(caret.indexOf('^'))).toMatch(/^frm /)
  })
})

test('format() tells all in lines for people', () => {
  const error = newPostgresError(
    {
      code: '42703',
      message: 'column "nam" does not exist',
      position: 8,
      hint: 'Perhaps you meant "name".',
      where: 'PL/pgSQL function f()',
      internalQuery: 'select y',
      internalPosition: 8,
      detail: 'There is no such column.',
    },
    'select nam from t',
  )
  expect(error.format()).toBe(
    [
      'SyntaxErrorOrAccessRuleViolation: column "nam" does not exist (42703 undefined_column)',
      'LINE 1: select nam from t',
      '               ^',
      'QUERY:',
      'LINE 1: select y',
      '               ^',
      'DETAIL: There is no such column.',
      'HINT: Perhaps you meant "name".',
      'CONTEXT: PL/pgSQL function f()',
    ].join('\n'),
  )
  expect(newPostgresError({ code: 'U0001', message: 'mine' }).format()).toBe(
    'PostgresError: mine (U0001)',
  )
})

test('errors go into JSON with message, fields and cause', () => {
  const error = new ConnectionClosedError('gone', {
    address: 'db:5432',
    safeToRetry: true,
    cause: newPostgresError({ code: '57P01', message: 'shutting down' }),
  })
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'ConnectionClosedError',
    message: 'gone',
    code: 'ERR_SLUICE_CONNECTION_CLOSED',
    safeToRetry: true,
    phase: 'ready',
    address: 'db:5432',
    cause: {
      name: 'OperatorIntervention',
      message: 'shutting down',
      code: '57P01',
      safeToRetry: false,
    },
  })
})

test('of a foreign cause JSON has no more than name and message', () => {
  const cause = Object.assign(new Error('ECONNREFUSED'), { config: { password: 'secret' } })
  expect(JSON.stringify(new ConnectionError('no', { cause }))).not.toContain('secret')
})

test('only misuse, and what never reached a server, is safe to retry by default', () => {
  expect(new InterfaceError('no').safeToRetry).toBe(true)
  expect(new QueryTimeoutError(5).safeToRetry).toBe(false)
  expect(newPostgresError({ code: '40001' }).safeToRetry).toBe(false)
  expect(inspect(new QueryTimeoutError(5))).toContain('the query did not end within 5 ms')
})
