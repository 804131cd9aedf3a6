import { expect, test } from 'vitest'
import { Timestamp } from '../../../src/types/timestamp.js'

test('a Timestamp is a Date that prints six digits of a second', () => {
  const timestamp = new Timestamp(Date.UTC(2024, 0, 1, 12, 30, 0, 5), 7)
  expect(timestamp).toBeInstanceOf(Date)
  expect(timestamp.toISOString()).toBe('2024-01-01T12:30:00.005007Z')
  expect(JSON.stringify(timestamp)).toBe('"2024-01-01T12:30:00.005007Z"')
  expect(timestamp.getTime()).toBe(Date.UTC(2024, 0, 1, 12, 30, 0, 5))
})

test.each([
  ['before 1970', -1, 999, '1969-12-31T23:59:59.999999Z'],
  ['without microseconds', 0, 0, '1970-01-01T00:00:00.000000Z'],
  ['after the year 9999', Date.UTC(12_345, 0, 1), 1, '+012345-01-01T00:00:00.000001Z'],
])('a Timestamp %s prints as ISO 8601', (_when, time, microseconds, text) => {
  expect(new Timestamp(time, microseconds).toISOString()).toBe(text)
})

test('an invalid Timestamp behaves as an invalid Date', () => {
  expect(() => new Timestamp(Number.NaN).toISOString()).toThrow(RangeError)
  expect(JSON.stringify(new Timestamp(Number.NaN))).toBe('null')
})

test.each([-1, 1000, 0.5, Number.NaN])('%d microseconds are refused', (microseconds) => {
  expect(() => new Timestamp(0, microseconds)).toThrow(RangeError)
})
