import { ColumnsBuilder, type ColumnsFormat } from '../../build/types/columns.js'
import { compileObjectDecoder, type ResultColumn } from '../../build/types/row-decoder.js'
import type { MicroCase } from './micro-case.js'
import { sampleColumns, sampleRow } from './sample-rows.js'

const ROWS = 1000
const NUMBERS = ['id', 'big', 'ratio', 'flag', 'made']
const TEXTS = ['name', 'note']

/** Rows to objects and to columns: of five plain types, with two texts, and with all types of a wide table. */
export function columnCases(): MicroCase[] {
  return [
    ...casesOf('numbers', NUMBERS),
    ...casesOf('and texts', [...NUMBERS, ...TEXTS]),
    ...casesOf('all types', undefined),
  ]
}

function casesOf(label: string, names: readonly string[] | undefined): MicroCase[] {
  const columns = sampleColumns(names)
  const decode = compileObjectDecoder(columns)
  const row = sampleRow(names)
  const intoColumns = (format: ColumnsFormat) => () => {
    const builder = new ColumnsBuilder(columns, format)
    for (let i = 0; i < ROWS; i++) builder.addRow(row, 0, row.length)
    return builder.takeData()
  }
  return [
    rowsCase(`${label}, objects`, columns, () =>
      Array.from({ length: ROWS }, () => decode(row, 0, row.length)),
    ),
    rowsCase(
      `${label}, columns`,
      columns,
      intoColumns({ timestamps: 'milliseconds', strings: 'array' }),
    ),
    rowsCase(
      `${label}, columns for Arrow`,
      columns,
      intoColumns({ timestamps: 'microseconds', strings: 'utf8' }),
    ),
  ]
}

function rowsCase(name: string, columns: readonly ResultColumn[], run: () => unknown[]): MicroCase {
  return {
    name,
    unit: 'row',
    operations: ROWS,
    run() {
      if (run().length < Math.min(columns.length, 1)) throw new Error(name)
    },
  }
}
