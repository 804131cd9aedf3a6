import { parseArgs } from 'node:util'

/** One option of a benchmark. */
export interface OptionSpec {
  /** A flag, or an option that takes a text. */
  readonly type: 'boolean' | 'string'
  /** What the value is called in the help; only for texts. */
  readonly value?: string
  /** One sentence for the help. */
  readonly doc: string
}

/** The options of a benchmark by their long names. */
export type OptionTable = Readonly<Record<string, OptionSpec>>

/** What {@link parseOptions} gives: a boolean for a flag, a text or `undefined` for the others. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name]['type'] extends 'string'
    ? string | undefined
    : boolean
}

/** The command line is wrong. Its message is one line, and the exit code is 2. */
export class UsageError extends Error {}

/**
 * Reads the arguments of a benchmark.
 *
 * @throws {UsageError} for an unknown option, a missing or unwanted value, a repeated option and
 * any argument that is no option.
 */
export function parseOptions<const Table extends OptionTable>(
  table: Table,
  args: readonly string[],
): OptionValues<Table> {
  const options: Record<string, { type: 'boolean' | 'string' }> = {}
  const values: Record<string, string | boolean | undefined> = {}
  for (const [name, spec] of Object.entries(table)) {
    options[name] = { type: spec.type }
    values[name] = spec.type === 'boolean' ? false : undefined
  }
  // Not strict: parseArgs would word the mistakes itself, in several sentences.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new UsageError(`unexpected argument "${token.value}"`)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined
    if (spec === undefined) throw new UsageError(`unknown option ${token.rawName}`)
    if (seen.has(token.name)) throw new UsageError(`${token.rawName} is given twice`)
    seen.add(token.name)
    values[token.name] = spec.type === 'string' ? textOf(token) : flagOf(token)
  }
  return values as OptionValues<Table>
}

interface OptionToken {
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function textOf({ rawName, value, inlineValue }: OptionToken): string {
  // "--json --quick" is a forgotten value; "--json=--quick" is meant.
  const isMissing = value === undefined || value === '' || (!inlineValue && value.startsWith('-'))
  if (isMissing) throw new UsageError(`${rawName} needs a value`)
  return value
}

function flagOf({ rawName, value }: OptionToken): boolean {
  if (value !== undefined) throw new UsageError(`${rawName} takes no value`)
  return true
}

/** The options as aligned lines for the help. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, spec]) => ({
    usage: spec.value === undefined ? `--${name}` : `--${name} ${spec.value}`,
    doc: spec.doc,
  }))
  const width = Math.max(...rows.map((row) => row.usage.length))
  return rows.map((row) => `  ${row.usage.padEnd(width)}  ${row.doc}`).join('\n')
}
