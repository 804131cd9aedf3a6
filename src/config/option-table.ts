import { suggestion } from '../base/suggestion.js'
import { describeValue, optionError } from './option-error.js'

/** Which option a value is for and where it was found, for messages. */
export interface OptionPlace {
  /** Name of the option, such as `port` or `ssl.ca`. */
  readonly option: string
  /** The option as its user wrote it: `option "port"`, `environment variable PGPORT`. */
  readonly label: string
}

/** Turns what a user gave into the option's value, or throws an `OptionError`. */
export interface OptionParser<T> {
  /** Checks a value of an option object. */
  fromValue(value: unknown, place: OptionPlace): T
  /** Reads the text of a connection string or an environment variable. It is never empty. */
  fromText(text: string, place: OptionPlace): T
}

/** One row of an option table. */
export interface OptionDefinition<T> {
  readonly parse: OptionParser<T>
  /** The value when nobody gives one; without it that is undefined. */
  readonly default?: T
  /** Unit of a number in an option object. */
  readonly unit?: 'ms' | 'bytes'
  /** Key in a connection string. */
  readonly dsn?: string
  /** Environment variable. */
  readonly env?: string
}

/** Options by name. Messages and precedence all come from here, and so does docs/options.md, with tools/option-docs.ts. */
export type OptionTable = Readonly<Record<string, OptionDefinition<unknown>>>

/** The values that {@link resolveOptions} makes of a table: undefined only where there is no default. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends { readonly parse: OptionParser<infer V> }
    ? T[K] extends { readonly default: V }
      ? V
      : V | undefined
    : never
}

/** The parameters of a service, by the keys of connection strings. */
export interface Service {
  readonly values: ReadonlyMap<string, string>
  /** The file it was found in. */
  readonly path: string
}

/** Where options are read from when the option object does not have them, in this order. */
export interface OptionTexts {
  readonly connectionString?: ReadonlyMap<string, string>
  readonly service?: Service | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/**
 * Reads the options of `table`: option object before connection string before service file before environment
 * before default.
 *
 * `undefined` in the object means absent. An empty string, in any of them, ends the search and stands for
 * the default, as in libpq. The result is frozen and shares nothing with `input` that could be changed.
 *
 * @throws {OptionError} naming the option, where its value came from and what is wrong with it; for an
 * unknown key naming the nearest known one.
 */
export function resolveOptions<T extends OptionTable>(
  table: T,
  input: object = {},
  texts: OptionTexts = {},
  prefix = '',
): OptionValues<T> {
  checkOptionNames(input, [table], prefix)
  const values: Record<string, unknown> = {}
  for (const [name, definition] of Object.entries(table)) {
    values[name] = readOption(`${prefix}${name}`, definition, ownValue(input, name), texts)
  }
  return Object.freeze(values) as OptionValues<T>
}

/** A URL, a Promise or another object whose class has all that it says would pass for no options at all. */
function refuseForeignObject(input: object, what: string, prefix: string): void {
  if (Object.keys(input).length > 0) return
  const name = input.constructor?.name ?? 'Object'
  if (name === 'Object') return
  throw optionError(
    TypeError,
    prefix,
    `${what} must be an object with options of its own, not an instance of ${name}`,
  )
}

/**
 * Checks that `input` is an object and each of its keys is in one of the tables.
 * @throws {OptionError}
 */
export function checkOptionNames(
  input: unknown,
  tables: readonly OptionTable[],
  prefix = '',
): asserts input is object {
  const what = prefix === '' ? 'the options' : `option "${prefix.slice(0, -1)}"`
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw optionError(TypeError, prefix, `${what} must be an object, not ${describeValue(input)}`)
  }
  refuseForeignObject(input, what, prefix)
  for (const key of Object.keys(input)) {
    if (tables.some((table) => Object.hasOwn(table, key))) continue
    const names = tables.flatMap((table) => Object.keys(table))
    // Somebody who writes a key of connection strings is told what it is called here.
    const same = tables.flatMap((table) => Object.entries(table)).find(([, row]) => row.dsn === key)
    const hint = same === undefined ? suggestion(key, names) : `; did you mean "${same[0]}"?`
    throw optionError(
      TypeError,
      `${prefix}${key}`,
      `unknown option "${prefix}${key.slice(0, 60)}"${hint}`,
    )
  }
}

/** Gives the part of `input` that `table` knows, for inputs that hold the options of several tables. */
export function pickOptions(table: OptionTable, input: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([key]) => Object.hasOwn(table, key)))
}

function readOption(
  option: string,
  { parse, default: fallback, dsn, env }: OptionDefinition<unknown>,
  value: unknown,
  { connectionString, service, environment }: OptionTexts,
): unknown {
  if (value !== undefined) {
    if (value === '') return fallback
    return parse.fromValue(value, { option, label: `option "${option}"` })
  }
  const inString = dsn === undefined ? undefined : connectionString?.get(dsn)
  if (inString !== undefined) {
    if (inString === '') return fallback
    return parse.fromText(inString, { option, label: `"${dsn}" in the connection string` })
  }
  const inService = dsn === undefined ? undefined : service?.values.get(dsn)
  if (inService !== undefined) {
    if (inService === '') return fallback
    return parse.fromText(inService, {
      option,
      label: `"${dsn}" in the service file ${service?.path}`,
    })
  }
  const inEnvironment = env === undefined ? undefined : environment?.[env]
  if (inEnvironment === undefined || inEnvironment === '') return fallback
  return parse.fromText(inEnvironment, { option, label: `environment variable ${env}` })
}

// Only own properties: what somebody put on Object.prototype configures nothing.
function ownValue(input: object, name: string): unknown {
  return Object.hasOwn(input, name) ? (input as Record<string, unknown>)[name] : undefined
}
