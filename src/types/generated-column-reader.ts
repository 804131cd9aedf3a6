import { POSTGRES_EPOCH_MS } from './codecs/calendar.js'
import { Kind, type KindCode, type TypedColumn } from './column-kinds.js'
import { canGenerateCode } from './generated-code.js'

/** Reads the value of a column whose length is at `at`, of whatever kind. Gives the position behind it. */
export type ReadColumn = (
  column: number,
  row: number,
  buf: Buffer,
  view: DataView,
  at: number,
  end: number,
) => number

/** Reads all columns of a row from `at` on; gives the position behind them. Arrays are by column. */
export type ReadColumns = (
  arrays: readonly (TypedColumn | unknown[])[],
  halves: readonly Int32Array[],
  row: number,
  buf: Buffer,
  view: DataView,
  at: number,
  end: number,
  readColumn: ReadColumn,
) => number

/** Beyond this a generated function is too long for the compiler to optimise. */
const MAX_GENERATED_COLUMNS = 200

/** So many readers are kept, since a new one is slow until the compiler has seen enough of it. */
const MAX_KEPT = 200

const kept = new Map<string, ReadColumns>()

/**
 * Makes the reader of rows whose columns are of these kinds: straight-line code for numbers of the right
 * length in binary, and a call of `readColumn` for all else.
 */
export function columnsReader(kinds: readonly KindCode[]): ReadColumns {
  if (kinds.length > MAX_GENERATED_COLUMNS || !canGenerateCode()) return readEach(kinds.length)
  const key = kinds.join()
  let reader = kept.get(key)
  if (reader === undefined) {
    if (kept.size >= MAX_KEPT) kept.clear()
    reader = generate(kinds)
    kept.set(key, reader)
  }
  return reader
}

function readEach(count: number): ReadColumns {
  return (_arrays, _halves, row, buf, view, start, end, readColumn) => {
    let at = start
    for (let i = 0; i < count; i++) at = readColumn(i, row, buf, view, at, end)
    return at
  }
}

function generate(kinds: readonly KindCode[]): ReadColumns {
  const code = `return (arrays, halves, row, buf, view, at, end, readColumn) => {
    let high, low, value
    ${kinds.map(columnCode).join('\n')}
    return at
  }`
  return new Function(code)() as ReadColumns
}

function columnCode(kind: KindCode, i: number): string {
  const general = `at = readColumn(${i}, row, buf, view, at, end)`
  const { bytes, test = '', read } = READS[kind] ?? {}
  if (bytes === undefined) return general
  return `
    if (end - at >= ${4 + bytes} && view.getInt32(at) === ${bytes}${test}) {
      ${read?.replaceAll('$', String(i))}
      at += ${4 + bytes}
    } else ${general}`
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
