import type { Codec } from './codec.js'
import type { Printer } from './codec-traits.js'
import { POSTGRES_EPOCH_MS } from './codecs/calendar.js'
import { Kind, type KindCode, type TypedColumn } from './column-kinds.js'
import { canGenerateCode } from './generated-code.js'
import type { Utf8Builder } from './utf8-column.js'

/** Reads the value of a column whose length is at `at`, of whatever kind. Gives the position behind it. */
export type ReadColumn = (
  column: number,
  row: number,
  buf: Buffer,
  view: DataView,
  at: number,
  end: number,
) => number

/** What values are put into and how they are read, each by column. */
export interface ColumnParts {
  readonly arrays: readonly (TypedColumn | unknown[])[]
  /** The bytes of arrays of 64-bit integers as halves of these. */
  readonly halves: readonly Int32Array[]
  readonly texts: readonly (Utf8Builder | undefined)[]
  readonly printers: readonly (Printer | undefined)[]
  readonly decoders: readonly Codec['decodeText'][]
}

/** Reads all columns of a row from `at` on; gives the position behind them. */
export type ReadColumns = (
  parts: ColumnParts,
  row: number,
  buf: Buffer,
  view: DataView,
  at: number,
  end: number,
  readColumn: ReadColumn,
) => number

/** How the values of a column come. */
export interface ColumnForm {
  /** Absent for those that only {@link ReadColumn} reads. */
  readonly kind?: KindCode
  /** Whether a text is written by its printer. */
  readonly isPrinted: boolean
  /** Whether the byte 1 goes before the text, the version of jsonb. */
  readonly isVersioned: boolean
}

/** Beyond this a generated function is too long for the compiler to optimise. */
const MAX_GENERATED_COLUMNS = 200

/** So many readers are kept, since a new one is slow until the compiler has seen enough of it. */
const MAX_KEPT = 200

const kept = new Map<string, ReadColumns>()

/**
 * Makes the reader of rows whose columns are of these forms: straight-line code for what is as it should
 * be, and a call of `readColumn` for all else, NULL among it. What a decoder throws says nothing of the column.
 */
export function columnsReader(forms: readonly ColumnForm[]): ReadColumns {
  if (forms.length > MAX_GENERATED_COLUMNS || !canGenerateCode()) return readEach
  const key = JSON.stringify(forms)
  let reader = kept.get(key)
  if (reader === undefined) {
    if (kept.size >= MAX_KEPT) kept.clear()
    reader = generate(forms)
    kept.set(key, reader)
  }
  return reader
}

/** As {@link columnsReader}, without making code; what this throws names the column. */
export const readEach: ReadColumns = ({ arrays }, row, buf, view, start, end, readColumn) => {
  let at = start
  for (let i = 0; i < arrays.length; i++) at = readColumn(i, row, buf, view, at, end)
  return at
}

function generate(forms: readonly ColumnForm[]): ReadColumns {
  const code = `return ({ arrays, halves, texts, printers, decoders }, row, buf, view, at, end, readColumn) => {
    let high, low, value, length
    ${forms.map(columnCode).join('\n')}
    return at
  }`
  return new Function(code)() as ReadColumns
}

function columnCode(form: ColumnForm, i: number): string {
  const general = `at = readColumn(${i}, row, buf, view, at, end)`
  const isValue = form.kind === Kind.Value || form.kind === Kind.Utf8
  if (isValue) return `${variableCode(form).replaceAll('$', String(i))} else ${general}`
  const { bytes, test = '', read } = (form.kind !== undefined && READS[form.kind]) || {}
  if (bytes === undefined) return general
  return `
    if (end - at >= ${4 + bytes} && view.getInt32(at) === ${bytes}${test}) {
      ${read?.replaceAll('$', String(i))}
      at += ${4 + bytes}
    } else ${general}`
}

/** Reads a value of any length into column `$`. */
function variableCode({ kind, isPrinted, isVersioned }: ColumnForm): string {
  const isThere = 'end - at >= 4 && (length = view.getInt32(at)) >= 0 && length <= end - at - 4'
  const test = isVersioned ? `${isThere} && length > 0 && buf[at + 4] === 1` : isThere
  const read =
    kind === Kind.Value
      ? 'arrays[$][row] = decoders[$](buf, at + 4, at + 4 + length)'
      : isPrinted
        ? 'texts[$].print(arrays[$], row, buf, at + 4, at + 4 + length, printers[$])'
        : `texts[$].add(arrays[$], row, buf, view, at + ${isVersioned ? 5 : 4}, at + 4 + length)`
  return `
    if (${test}) {
      ${read}
      at += 4 + length
    }`
}

/** How a value whose length is at `at` gets into the array of column `$`. */
interface Read {
  readonly bytes: number
  /** What must be true besides. */
  readonly test?: string
  readonly read: string
}

/** Where the halves of a 64-bit integer are on this machine. */
const LOW = new Uint8Array(Int32Array.of(1).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

const HALVES = `
      halves[$][row * 2 + ${LOW}] = low
      halves[$][row * 2 + ${HIGH}] = high`

/** Reads an int64 and tells whether it is exact as a number, from either epoch. */
const EXACT =
  ' && (high = view.getInt32(at + 4), low = view.getUint32(at + 8), high > -0x180000 && high < 0x180000)'

const READS: Readonly<Partial<Record<KindCode, Read>>> = {
  [Kind.Bool]: { bytes: 1, read: 'arrays[$][row] = view.getUint8(at + 4) === 0 ? 0 : 1' },
  [Kind.Int2]: { bytes: 2, read: 'arrays[$][row] = view.getInt16(at + 4)' },
  [Kind.Int4]: { bytes: 4, read: 'arrays[$][row] = view.getInt32(at + 4)' },
  [Kind.Uint4]: { bytes: 4, read: 'arrays[$][row] = view.getUint32(at + 4)' },
  [Kind.Float4]: { bytes: 4, read: 'arrays[$][row] = view.getFloat32(at + 4)' },
  [Kind.Float8]: { bytes: 8, read: 'arrays[$][row] = view.getFloat64(at + 4)' },
  // As halves, since an int64 would become a bigint on its way.
  [Kind.Int8]: {
    bytes: 8,
    read: `high = view.getInt32(at + 4); low = view.getInt32(at + 8)${HALVES}`,
  },
  [Kind.Milliseconds]: {
    bytes: 8,
    test: EXACT,
    read: `arrays[$][row] = (high * 4294967296 + low) / 1000 + ${POSTGRES_EPOCH_MS}`,
  },
  [Kind.Microseconds]: {
    bytes: 8,
    test: EXACT,
    read: `value = high * 4294967296 + low + ${POSTGRES_EPOCH_MS * 1000}
      high = Math.floor(value / 4294967296); low = value - high * 4294967296${HALVES}`,
  },
}
