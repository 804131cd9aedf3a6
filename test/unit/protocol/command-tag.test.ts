import { expect, test } from 'vitest'
import { parseCommandTag } from '../../../src/protocol/index.js'

/** Tags as src/include/tcop/cmdtaglist.h has them, those that count rows first. */
const tags: readonly (readonly [tag: string, command: string, rowCount: number | null])[] = [
  ['COPY 3', 'COPY', 3],
  ['DELETE 0', 'DELETE', 0],
  ['FETCH 1', 'FETCH', 1],
  ['INSERT 0 5', 'INSERT', 5],
  ['INSERT 0 0', 'INSERT', 0],
  ['INSERT 16402 1', 'INSERT', 1],
  ['MERGE 4', 'MERGE', 4],
  ['MOVE 2', 'MOVE', 2],
  ['SELECT 5', 'SELECT', 5],
  ['SELECT 9007199254740991', 'SELECT', 9_007_199_254_740_991],
  ['UPDATE 12', 'UPDATE', 12],

  ['', '', null],
  ['ALTER DEFAULT PRIVILEGES', 'ALTER DEFAULT PRIVILEGES', null],
  ['BEGIN', 'BEGIN', null],
  ['CLOSE CURSOR ALL', 'CLOSE CURSOR ALL', null],
  ['COMMIT', 'COMMIT', null],
  ['COMMIT PREPARED', 'COMMIT PREPARED', null],
  ['CREATE ACCESS METHOD', 'CREATE ACCESS METHOD', null],
  ['CREATE TABLE', 'CREATE TABLE', null],
  ['CREATE TABLE AS', 'CREATE TABLE AS', null],
  ['DEALLOCATE', 'DEALLOCATE', null],
  ['DECLARE CURSOR', 'DECLARE CURSOR', null],
  ['DISCARD ALL', 'DISCARD ALL', null],
  ['DO', 'DO', null],
  ['EXPLAIN', 'EXPLAIN', null],
  ['LISTEN', 'LISTEN', null],
  ['LOCK TABLE', 'LOCK TABLE', null],
  ['NOTIFY', 'NOTIFY', null],
  ['PREPARE', 'PREPARE', null],
  ['REFRESH MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW', null],
  ['RELEASE', 'RELEASE', null],
  ['RESET', 'RESET', null],
  ['ROLLBACK', 'ROLLBACK', null],
  ['SAVEPOINT', 'SAVEPOINT', null],
  ['SET', 'SET', null],
  ['SHOW', 'SHOW', null],
  ['START TRANSACTION', 'START TRANSACTION', null],
  ['TRUNCATE TABLE', 'TRUNCATE TABLE', null],
  ['VACUUM', 'VACUUM', null],

  // What relatives of PostgreSQL, old servers and proxies send: never a number made of something else.
  ['COPY', 'COPY', null],
  ['SELECT', 'SELECT', null],
  ['SELECT -1', 'SELECT -1', null],
  ['SELECT 1.5', 'SELECT 1.5', null],
  ['SELECT 1e3', 'SELECT 1e3', null],
  ['SELECT 0x10', 'SELECT 0x10', null],
  ['SELECT ٣', 'SELECT ٣', null],
  ['SELECT ', 'SELECT ', null],
  ['INSERT', 'INSERT', null],
  ['INSERTED 0 5', 'INSERTED 0', 5],
  ['7', '7', null],
]

test.each(tags)('%j is %j, %j rows', (tag, command, rowCount) => {
  expect(parseCommandTag(tag)).toEqual({ command, rowCount })
})
