import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PostgresError } from '../../../src/base/errors.js'
import {
  IntegrityConstraintViolation,
  newPostgresError,
  SnapshotFailure,
  TransactionRollback,
} from '../../../src/base/server-errors.js'
import { conditionOf } from '../../../src/base/sqlstate.js'
import { findErrorCodes, generate } from '../../../tools/generate-sqlstates.js'

const errcodes = findErrorCodes()

test.runIf(errcodes)('the generated files are current', () => {
  for (const [path, text] of Object.entries(generate(readFileSync(errcodes ?? '', 'utf8')))) {
    expect(readFileSync(path, 'utf8')).toBe(text)
  }
})

test.runIf(errcodes)(
  'every named code of PostgreSQL has its condition, and errors have a class',
  () => {
    const lines = readFileSync(errcodes ?? '', 'utf8').matchAll(/^(\w{5}) +([EWS]) +\w+ +(\w+)$/gm)
    let count = 0
    for (const [, code = '', kind, condition] of lines) {
      count += 1
      expect([code, conditionOf(code)]).toEqual([code, condition])
      const error = newPostgresError({ code })
      expect(error).toBeInstanceOf(PostgresError)
      expect([code, error.constructor !== PostgresError]).toEqual([code, kind === 'E'])
    }
    expect(count).toBeGreaterThan(250)
  },
)

test('codes that PostgreSQL does not have', () => {
  for (const code of ['', '2', '23', '23505x', 'unique_violation', '23999', 'ZZ000', '__proto__']) {
    expect(conditionOf(code)).toBeUndefined()
    expect(newPostgresError({ code })).toBeInstanceOf(PostgresError)
  }
  expect(newPostgresError({}).code).toBe('XX000')
})

test('errors are of the class of their SQLSTATE and named so', () => {
  const error = newPostgresError({ code: '23505', message: 'twice' })
  expect(error).toBeInstanceOf(IntegrityConstraintViolation)
  expect(error).not.toBeInstanceOf(TransactionRollback)
  expect(error.condition === 'unique_violation').toBe(true)
  expect(error.name).toBe('IntegrityConstraintViolation')
  expect(newPostgresError({ code: '23999' })).toBeInstanceOf(IntegrityConstraintViolation)
  expect(newPostgresError({ code: '72000' })).toBeInstanceOf(SnapshotFailure)
})
