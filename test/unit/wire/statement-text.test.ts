import { describe, expect, test } from 'vitest'
import { mayChangeSession, mayCopy, mayRedefine } from '../../../src/wire/session-state.js'
import {
  isPlainRead,
  isUndoneByRollback,
  lastParameter,
  returnsNoRows,
  withoutSemicolon,
} from '../../../src/wire/statement-text.js'

describe('a plain read', () => {
  test.each([
    'select 1',
    '  SELECT * from users where id in (1, 2) and (a or b)',
    'select count(*), max(id), coalesce(a, b) from users',
    'values (1), (2)',
    'table users',
    'select a::numeric(10, 2), array(select 1)',
    'select 1;',
  ])('is %j', (text) => {
    expect(isPlainRead(text)).toBe(true)
  })

  test.each([
    'insert into t values (1)',
    'with a as (insert into t values (1) returning id) select * from a',
    "select nextval('s')",
    'select f()',
    'select f ()',
    'select a.f(1)',
    'select a.count(1)',
    'select a . count(1)',
    'select "count "(1)',
    'select "f"(1)',
    'select count/**/(1)',
    'select count --\n(1)',
    'select * from t for update',
    'select 1 into t',
    'select 1; select 2',
    'selected',
    '',
  ])('is not %j', (text) => {
    expect(isPlainRead(text)).toBe(false)
  })
})

test.each([
  ['insert into t values (1)', true],
  ['UPDATE t set a = 1', true],
  ['delete from t', true],
  ['delete from t returning a', false],
  ['insert into t default values RETURNING *', false],
  ['select 1', false],
  ['with a as (select 1) insert into t select * from a', false],
])('%j gives no rows: %s', (text, expected) => {
  expect(returnsNoRows(text)).toBe(expected)
})

test.each([
  ['select 1', 0],
  ['select $1, $2', 2],
  ['select $2, $10, $1', 10],
  ["select '$3'", 3],
])('the last parameter of %j is %i', (text, expected) => {
  expect(lastParameter(text)).toBe(expected)
})

test.each([
  [' select f()', true],
  ['INSERT into t values (1)', true],
  ['merge into t', true],
  ['commit', false],
  ['call p()', false],
  ['do $$ $$', false],
  ['vacuum', false],
  ['updated', false],
])('%j is undone by a rollback: %s', (text, expected) => {
  expect(isUndoneByRollback(text)).toBe(expected)
})

test.each([
  ['select 1', 'select 1'],
  ['select 1 ;\n; ', 'select 1'],
  ['select 1; select 2', 'select 1; select 2'],
  [' ; ', ''],
])('%j without the semicolon at its end is %j', (text, expected) => {
  expect(withoutSemicolon(text)).toBe(expected)
})

// Each took time by the square of the length once, which for these is longer than a test may take.
describe('texts of many characters are read in one go', () => {
  const LENGTH = 200_000
  const long = {
    'a literal': `select '${'a'.repeat(LENGTH)}'`,
    dots: `select ${'.'.repeat(LENGTH)}`,
    'spaces in the middle': `select 1${' '.repeat(LENGTH)}+ 1`,
    'spaces before a parenthesis': `select a${' '.repeat(LENGTH)}(1)`,
    parentheses: `select ${'('.repeat(LENGTH)}`,
    semicolons: `select ${' ;'.repeat(LENGTH / 2)} x`,
    'the beginning of a function': `select ${'pg_advisory_lock'.repeat(LENGTH / 16)}`,
  }
  const readers = {
    isPlainRead,
    isUndoneByRollback,
    lastParameter,
    mayChangeSession,
    mayCopy,
    mayRedefine,
    returnsNoRows,
    withoutSemicolon,
  }

  test.each(Object.entries(long))('%s', (_, text) => {
    for (const read of Object.values(readers)) expect(() => read(text)).not.toThrow()
  })
})
