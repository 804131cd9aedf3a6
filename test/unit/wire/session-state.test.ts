import { describe, expect, test } from 'vitest'
import { mayChangeSession, mayCopy, mayRedefine } from '../../../src/wire/session-state.js'

const harmless = [
  '',
  ' ',
  'select f(1)',
  '  SELECT now()',
  'select 1;',
  'select 1 ; \n',
  'with x as (select 1) select * from x',
  'insert into t values ($1)',
  'update t set a = 1',
  'delete from t',
  'merge into t using s on true when matched then delete',
  'values (1)',
  'table t',
  'explain select 1',
  'show all',
  'begin',
  'BEGIN isolation level serializable',
  'start transaction',
  'commit',
  'end',
  'rollback',
  'rollback to savepoint a',
  'abort',
  'savepoint a',
  'release a',
  'select template, tempo from t',
  'select pg_advisory_xact_lock(1)',
  'select pg_try_advisory_xact_lock(1)',
  'select offset_config from t',
]

const changing = [
  '-- a comment\nselect 1',
  "set timezone = 'UTC'",
  'SET LOCAL timezone = 1',
  'reset all',
  'discard all',
  'listen a',
  'unlisten *',
  'prepare a as select 1',
  'deallocate a',
  'declare c cursor for select 1',
  'fetch c',
  'close c',
  'create temp table t (a int)',
  'create table t (a int)',
  'drop table t',
  'lock table t',
  'load $$x$$',
  'do $$begin end$$',
  'call p()',
  'copy t from stdin',
  'selected',
  'select 1; set role admin',
  "select ';' || x from t",
  "select set_config('a.b', '1', false)",
  "SELECT Set_Config('a.b', '1', false)",
  "with x as (select set_config('a.b', '1', false)) select * from x",
  'select pg_advisory_lock(1)',
  'select pg_catalog.pg_advisory_lock_shared(1)',
  'select pg_try_advisory_lock(1)',
  'select "pg_advisory_lock"(1)',
  'select 1 as a into temp t',
  'select 1 as a into temporary table t',
  'select 1 as a into /* */ local temp t',
  'select 1 as a into pg_temp.t',
  'select 1 as a into pg_temp_3.t',
  'explain analyze create temp table t as select 1',
]

describe('mayChangeSession', () => {
  test.each(harmless)('not: %j', (sql) => {
    expect(mayChangeSession(sql)).toBe(false)
  })

  test.each(changing)('yes: %j', (sql) => {
    expect(mayChangeSession(sql)).toBe(true)
  })

  test('takes time that grows with the text only', () => {
    const sql = `select ${' into '.repeat(100_000)}${' '.repeat(100_000)}${';'.repeat(100_000)}`
    expect(mayChangeSession(sql)).toBe(true)
  })
})

describe('mayCopy', () => {
  test.each([
    ['copy t from stdin', true],
    ['COPY t TO STDOUT', true],
    ['select 1; copy(select 1) to stdout', true],
    ['/* a */ copy t from stdin', true],
    ['-- a\ncopy t from stdin', true],
    ['select copy from t', true],
    ['select copied, copy_id, photocopy from t', false],
    ['select f(1)', false],
    ['', false],
  ])('%j: %s', (sql, expected) => {
    expect(mayCopy(sql)).toBe(expected)
  })
})

test.each([
  ['alter table t add a int', true],
  ['Create temp table t (a int)', true],
  ['select 1; drop table t', true],
  ['deallocate all', true],
  ['set search_path to a', true],
  ['select created, dropped from t', false],
  ['insert into t values (1)', false],
])('%j may change what statements mean: %s', (text, expected) => {
  expect(mayRedefine(text)).toBe(expected)
})
