import { describe, expect, test } from 'vitest'
import {
  describeOptions,
  type OptionTable,
  parseOptions,
  UsageError,
} from '../../bench/support/options.js'

const TABLE = {
  quick: { type: 'boolean', doc: 'Be quick.' },
  json: { type: 'string', value: 'FILE', doc: 'Write there.' },
} as const satisfies OptionTable

describe('parseOptions', () => {
  const good: [string, string[], { quick: boolean; json: string | undefined }][] = [
    ['nothing', [], { quick: false, json: undefined }],
    ['a flag', ['--quick'], { quick: true, json: undefined }],
    ['a value behind a space', ['--json', 'a.json'], { quick: false, json: 'a.json' }],
    ['a value behind =', ['--json=a.json'], { quick: false, json: 'a.json' }],
    ['a value behind = that looks like an option', ['--json=-a'], { quick: false, json: '-a' }],
    ['both', ['--json', 'a', '--quick'], { quick: true, json: 'a' }],
  ]
  test.each(good)('reads %s', (_, args, expected) => {
    expect(parseOptions(TABLE, args)).toEqual(expected)
  })

  const bad: [string, string[], string][] = [
    ['an unknown option', ['--fast'], 'unknown option --fast'],
    ['a short option', ['-q'], 'unknown option -q'],
    ['a name that every object has', ['--constructor'], 'unknown option --constructor'],
    ['a missing value', ['--json'], '--json needs a value'],
    ['an empty value', ['--json='], '--json needs a value'],
    ['an option in the place of a value', ['--json', '--quick'], '--json needs a value'],
    ['a value for a flag', ['--quick=yes'], '--quick takes no value'],
    ['an option given twice', ['--quick', '--quick'], '--quick is given twice'],
    ['an argument that is no option', ['quick'], 'unexpected argument "quick"'],
  ]
  test.each(bad)('refuses %s', (_, args, message) => {
    expect(() => parseOptions(TABLE, args)).toThrow(new UsageError(message))
  })
})

test('describeOptions lines the options up', () => {
  expect(describeOptions(TABLE)).toBe(
    ['  --quick      Be quick.', '  --json FILE  Write there.'].join('\n'),
  )
})
