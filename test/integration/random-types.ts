import fc from 'fast-check'
import { Range } from '../../src/index.js'
import { typeValues } from '../unit/types/arbitraries.js'

/** A type of a random schema: how to make it, and values that come back from it as they were. */
export interface RandomType {
  /** As it is written in SQL. */
  readonly name: string
  /** What makes it and its parts, in this order. */
  readonly ddl: readonly string[]
  readonly values: fc.Arbitrary<unknown>
  /** Whether a value of it is an array, so that arrays of it would be more of its dimensions. */
  readonly isArray: boolean
}

type Make = (newName: () => string) => RandomType

const LABELS = ['sad', 'a b', '"q"', "o'k", 'ü,{}', 'NULL', '\\']
const ATTRIBUTES = ['a', 'A b', '"q"', 'constructor', '1', 'ü', 'order']

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
const orNull = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.option(values, { freq: 5 })

const leaf: fc.Arbitrary<Make> = fc
  .constantFrom(...typeValues.filter(([, , options]) => options === undefined))
  .map(([name, values]) => () => ({ name, ddl: [], values, isArray: false }))

const enumeration: fc.Arbitrary<Make> = fc
  .subarray(LABELS, { minLength: 1 })
  .map((labels) => (newName) => {
    const name = newName()
    return {
      name,
      ddl: [`create type ${name} as enum (${labels.map(literal).join()})`],
      values: fc.constantFrom(...labels),
      isArray: false,
    }
  })

/** Of int8, so that nothing but empty ranges and infinite ends is written otherwise. */
const range: fc.Arbitrary<Make> = fc.boolean().map((isMulti) => (newName) => {
  const name = newName()
  const ranges = fc
    .tuple(
      fc.uniqueArray(fc.maxSafeInteger(), { minLength: 2, maxLength: 2 }),
      fc.constantFrom('[]' as const, '[)' as const, '(]' as const, '()' as const),
    )
    .map(([ends, bounds]) => new Range(Math.min(...ends), Math.max(...ends), bounds))
  return {
    name: isMulti ? `${name}_multirange` : name,
    ddl: [`create type ${name} as range (subtype = int8)`],
    values: isMulti ? ranges.map((one) => [one]) : ranges,
    isArray: false,
  }
})

function arrayOf(element: Make): Make {
  return (newName) => {
    const made = element(newName)
    if (made.isArray) return made
    const { name, ddl, values } = made
    return {
      name: `${name}[]`,
      ddl,
      values: fc.array(orNull(values), { maxLength: 4 }),
      isArray: true,
    }
  }
}

function domainOf(base: Make): Make {
  return (newName) => {
    const { name: baseName, ddl, values } = base(newName)
    const name = newName()
    // A domain over arrays has arrays of its own, of one dimension.
    return { name, ddl: [...ddl, `create domain ${name} as ${baseName}`], values, isArray: false }
  }
}

function compositeOf(attributes: readonly (readonly [name: string, type: Make])[]): Make {
  return (newName) => {
    const made = attributes.map(([attribute, type]) => [attribute, type(newName)] as const)
    const name = newName()
    const list = made.map(([attribute, type]) => `${quoted(attribute)} ${type.name}`)
    return {
      name,
      ddl: [...made.flatMap(([, { ddl }]) => ddl), `create type ${name} as (${list.join()})`],
      values: fc
        .tuple(...made.map(([, { values }]) => orNull(values)))
        .map((values) => Object.fromEntries(values.map((value, i) => [made[i]?.[0], value]))),
      isArray: false,
    }
  }
}

const { type } = fc.letrec<{ type: Make; composite: Make }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { arbitrary: leaf, weight: 3 },
    { arbitrary: enumeration, weight: 1 },
    { arbitrary: range, weight: 1 },
    { arbitrary: tie('type').map(arrayOf), weight: 2 },
    { arbitrary: tie('type').map(domainOf), weight: 1 },
    { arbitrary: tie('composite'), weight: 2 },
  ),
  composite: fc
    .tuple(
      fc.shuffledSubarray(ATTRIBUTES, { minLength: 1 }),
      fc.array(tie('type'), { minLength: ATTRIBUTES.length, maxLength: ATTRIBUTES.length }),
    )
    .map(([names, types]) =>
      compositeOf(names.map((name, i) => [name, types[i] ?? (() => NOTHING)] as const)),
    ),
}))

const NOTHING: RandomType = { name: 'text', ddl: [], values: fc.constant(''), isArray: false }

/** A composite type of random attributes, whose types are random, too, and some of its values. */
export const randomTypes: fc.Arbitrary<{
  readonly type: RandomType
  readonly values: readonly unknown[]
}> = fc
  .tuple(
    fc.shuffledSubarray(ATTRIBUTES, { minLength: 2 }),
    fc.array(type, { minLength: ATTRIBUTES.length, maxLength: ATTRIBUTES.length }),
  )
  .chain(([names, types]) => {
    let count = 0
    const made = compositeOf(names.map((name, i) => [name, types[i] ?? (() => NOTHING)] as const))(
      () => `t${++count}`,
    )
    return fc.record({
      type: fc.constant(made),
      values: fc.array(made.values, { minLength: 1, maxLength: 4 }),
    })
  })
