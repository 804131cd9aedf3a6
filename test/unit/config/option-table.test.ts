import { describe, expect, test } from 'vitest'
import {
  boolean,
  callback,
  choice,
  integer,
  list,
  milliseconds,
  number,
  string,
} from '../../../src/config/option-parsers.js'
import {
  checkOptionNames,
  type OptionParser,
  pickOptions,
  resolveOptions,
} from '../../../src/config/option-table.js'

const TABLE = {
  size: { parse: integer({ min: 1, max: 9 }), default: 3, dsn: 'siz', env: 'PGSIZ', doc: 'Size.' },
  share: { parse: number({ min: 0, max: 1 }), default: 0.5, doc: 'Share.' },
  delay: {
    parse: milliseconds({ textUnit: 's' }),
    default: 10,
    unit: 'ms',
    dsn: 'delay_time',
    env: 'PGDELAY',
    doc: 'Delay.',
  },
  name: { parse: string(), dsn: 'nam', env: 'PGNAM', doc: 'Name.' },
  color: { parse: choice(['red', 'green']), dsn: 'color', doc: 'Color.' },
  flag: { parse: boolean(), default: true, dsn: 'flag', doc: 'Flag.' },
  list: { parse: list(string(), '-'), dsn: 'list', doc: 'List.' },
  numbers: { parse: list(integer({ min: 0 }), 7), dsn: 'numbers', doc: 'Numbers.' },
  hook: { parse: callback(), doc: 'Hook.' },
} as const

const DEFAULTS = {
  size: 3,
  share: 0.5,
  delay: 10,
  name: undefined,
  color: undefined,
  flag: true,
  list: undefined,
  numbers: undefined,
  hook: undefined,
}

describe('resolveOptions', () => {
  test('gives the defaults, frozen, and their types', () => {
    const values = resolveOptions(TABLE)
    expect(values).toEqual(DEFAULTS)
    expect(Object.isFrozen(values)).toBe(true)
    const size: number = values.size
    const name: string | undefined = values.name
    const color: 'red' | 'green' | undefined = values.color
    expect([size, name, color]).toEqual([3, undefined, undefined])
  })

  test('prefers object to connection string to environment to default', () => {
    const connectionString = new Map([['siz', '5']])
    const environment = { PGSIZ: '6' }
    expect(resolveOptions(TABLE, { size: 4 }, { connectionString, environment }).size).toBe(4)
    expect(resolveOptions(TABLE, {}, { connectionString, environment }).size).toBe(5)
    expect(resolveOptions(TABLE, {}, { environment }).size).toBe(6)
    expect(resolveOptions(TABLE).size).toBe(3)
  })

  test('undefined is absent', () => {
    const environment = { PGSIZ: '6' }
    expect(resolveOptions(TABLE, { size: undefined }, { environment }).size).toBe(6)
  })

  test('an empty text ends the search and stands for the default', () => {
    const environment = { PGNAM: 'e', PGSIZ: '' }
    const connectionString = new Map([['nam', '']])
    expect(resolveOptions(TABLE, {}, { environment, connectionString }).name).toBeUndefined()
    expect(resolveOptions(TABLE, { name: '' }, { environment }).name).toBeUndefined()
    expect(resolveOptions(TABLE, {}, { environment }).size).toBe(3)
  })

  test('copies and freezes lists, and leaves the input as it is', () => {
    const input = { list: ['a', ''], numbers: [1] }
    const { list: copy } = resolveOptions(TABLE, input)
    expect(copy).toEqual(['a', ''])
    expect(copy).not.toBe(input.list)
    expect(Object.isFrozen(copy) && !Object.isFrozen(input.list)).toBe(true)
  })

  test('reads no inherited property', () => {
    expect(resolveOptions(TABLE, Object.create({ size: 4 })).size).toBe(3)
  })
})

describe('texts', () => {
  const cases: readonly (readonly [key: string, text: string, name: string, value: unknown])[] = [
    ['siz', '7', 'size', 7],
    ['siz', ' +7\n', 'size', 7],
    ['delay_time', '10', 'delay', 10_000],
    ['delay_time', '0', 'delay', 0],
    ['delay_time', '-1', 'delay', 0],
    ['flag', 'off', 'flag', false],
    ['flag', '0', 'flag', false],
    ['flag', 'yes', 'flag', true],
    ['list', 'a,,b', 'list', ['a', '-', 'b']],
    ['numbers', '1,,2', 'numbers', [1, 7, 2]],
    ['color', 'green', 'color', 'green'],
  ]
  for (const [key, text, name, value] of cases) {
    test(`${key}=${JSON.stringify(text)}`, () => {
      const values = resolveOptions(TABLE, {}, { connectionString: new Map([[key, text]]) })
      expect(values).toEqual({ ...DEFAULTS, [name]: value })
    })
  }
})

type Refusal = readonly [name: string, value: unknown, kind: typeof TypeError, message: string]

describe('wrong values in an object', () => {
  const cases: readonly Refusal[] = [
    ['size', '3', TypeError, 'option "size" must be a number, not a string'],
    ['size', null, TypeError, 'option "size" must be a number, not null'],
    ['size', 0, RangeError, 'option "size" must be a whole number from 1 to 9, not 0'],
    ['size', 10, RangeError, 'option "size" must be a whole number from 1 to 9, not 10'],
    ['size', 1.5, RangeError, 'option "size" must be a whole number from 1 to 9, not 1.5'],
    ['size', Number.NaN, RangeError, 'option "size" must be a whole number from 1 to 9, not NaN'],
    ['share', 1.1, RangeError, 'option "share" must be a number from 0 to 1, not 1.1'],
    ['share', Number.NaN, RangeError, 'option "share" must be a number from 0 to 1, not NaN'],
    ['delay', -1, RangeError, 'option "delay" must be a whole number from 0 to 2147483647, not -1'],
    [
      'delay',
      2 ** 31,
      RangeError,
      'option "delay" must be a whole number from 0 to 2147483647, not 2147483648',
    ],
    ['name', 1, TypeError, 'option "name" must be a string, not a number'],
    ['name', 'a\0b', TypeError, 'option "name" must not contain a NUL character'],
    [
      'color',
      'gren',
      TypeError,
      'option "color" must be one of "red", "green"; did you mean "green"?',
    ],
    ['color', 1, TypeError, 'option "color" must be one of "red", "green", not a number'],
    ['flag', 1, TypeError, 'option "flag" must be true or false, not a number'],
    ['list', [], RangeError, 'option "list" must not be an empty array'],
    ['list', ['a', 1], TypeError, 'option "list" must be a string, not a number'],
    ['numbers', '1', TypeError, 'option "numbers" must be a number, not a string'],
    ['hook', {}, TypeError, 'option "hook" must be a function, not an object'],
  ]
  for (const [name, value, kind, message] of cases) {
    test(message, () => {
      const resolve = () => resolveOptions(TABLE, { [name]: value })
      expect(resolve).toThrow(kind)
      expect(resolve).toThrow(
        expect.objectContaining({ message, code: 'ERR_SLUICE_OPTION', option: name }),
      )
    })
  }
})

describe('wrong values in a text name their source', () => {
  const inString = (key: string, text: string) => ({ connectionString: new Map([[key, text]]) })
  const cases: readonly (readonly [
    Parameters<typeof resolveOptions>[2],
    typeof TypeError,
    string,
  ])[] = [
    [inString('siz', 'x'), TypeError, '"siz" in the connection string is not a whole number'],
    [inString('siz', '1.5'), TypeError, '"siz" in the connection string is not a whole number'],
    [
      inString('siz', '10'),
      RangeError,
      '"siz" in the connection string must be a whole number from 1 to 9, not 10',
    ],
    [
      { environment: { PGSIZ: '0' } },
      RangeError,
      'environment variable PGSIZ must be a whole number from 1 to 9, not 0',
    ],
    [
      { environment: { PGDELAY: '2147484' } },
      RangeError,
      'environment variable PGDELAY must be a whole number from 0 to 2147483647, not 2147484000',
    ],
    [
      inString('flag', 'perhaps'),
      TypeError,
      '"flag" in the connection string must be 1 or 0, or true or false',
    ],
    [
      inString('color', 'blue'),
      TypeError,
      '"color" in the connection string must be one of "red", "green"',
    ],
  ]
  for (const [texts, kind, message] of cases) {
    test(message, () => {
      const resolve = () => resolveOptions(TABLE, {}, texts)
      expect(resolve).toThrow(kind)
      expect(resolve).toThrow(expect.objectContaining({ message, code: 'ERR_SLUICE_OPTION' }))
    })
  }
})

describe('unknown names', () => {
  const cases: readonly (readonly [name: string, message: string])[] = [
    ['siez', 'unknown option "siez"; did you mean "size"?'],
    ['Size', 'unknown option "Size"; did you mean "size"?'],
    ['delay_time', 'unknown option "delay_time"; did you mean "delay"?'],
    ['colour', 'unknown option "colour"; did you mean "color"?'],
    ['frobnicate', 'unknown option "frobnicate"'],
    ['constructor', 'unknown option "constructor"'],
  ]
  for (const [name, message] of cases) {
    test(message, () => {
      expect(() => resolveOptions(TABLE, { [name]: 1 })).toThrow(
        expect.objectContaining({ message, name: 'TypeError', option: name }),
      )
    })
  }

  test('a name in any of several tables is known, and the nearest of all is suggested', () => {
    const other: Readonly<Record<string, { parse: OptionParser<string>; doc: string }>> = {
      weight: { parse: string(), doc: 'Weight.' },
    }
    expect(() => checkOptionNames({ size: 1, weight: '' }, [TABLE, other])).not.toThrow()
    expect(() => checkOptionNames({ wieght: '' }, [TABLE, other])).toThrow(/"weight"/)
    expect(pickOptions(other, { size: 1, weight: '' })).toEqual({ weight: '' })
  })

  for (const input of [null, [], 'text', 1]) {
    test(`${JSON.stringify(input)} is no options object`, () => {
      expect(() => checkOptionNames(input, [TABLE])).toThrow(/^the options must be an object, not/)
    })
  }

  test('an object that has nothing of its own is no options object', () => {
    for (const input of [new URL('postgresql://host/db'), Promise.resolve({ size: 1 })]) {
      expect(() => checkOptionNames(input, [TABLE])).toThrow(/not an instance of (URL|Promise)$/)
    }
    class Options {
      readonly size = 1
    }
    expect(() => checkOptionNames(new Options(), [TABLE])).not.toThrow()
    expect(() => checkOptionNames(Object.create(null), [TABLE])).not.toThrow()
  })
})
