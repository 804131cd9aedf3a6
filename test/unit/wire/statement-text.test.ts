import { describe, expect, test } from 'vitest'
import { isPlainRead, lastParameter, returnsNoRows } from '../../../src/wire/statement-text.js'

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
