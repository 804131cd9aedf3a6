/**
 * A result becomes an Apache Arrow table, whose columns are the very arrays that fetchColumns gave.
 *
 *     npm install --no-package-lock --prefix examples/apache-arrow
 *     node examples/apache-arrow/columns-to-arrow.mjs
 */
import {
  Bool,
  Float64,
  Int32,
  Int64,
  makeData,
  makeVector,
  Table,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import { connect, Utf8Column } from 'sluice'
import { startPostgres } from 'sluice/testing'

const ARROW_TYPES = {
  int4: new Int32(),
  int8: new Int64(),
  float8: new Float64(),
  text: new Utf8(),
  timestamptz: new TimestampMicrosecond('UTC'),
  bool: new Bool(),
}

/** A vector over the arrays of a column. Only the bits of a bool are made anew: Arrow packs eight into a byte. */
function vectorOf(typeName, values, validity) {
  const type = ARROW_TYPES[typeName]
  if (type === undefined) throw new TypeError(`no Arrow type for ${typeName}`)
  const nulls = validity === null ? { nullCount: 0 } : { nullBitmap: validity }
  if (values instanceof Utf8Column) {
    const { offsets: valueOffsets, bytes: data, length } = values
    return makeVector(makeData({ type, length, valueOffsets, data, ...nulls }))
  }
  const data = typeName === 'bool' ? packed(values) : values
  return makeVector(makeData({ type, length: values.length, data, ...nulls }))
}

function packed(flags) {
  const bits = new Uint8Array(Math.ceil(flags.length / 8))
  for (let i = 0; i < flags.length; i++) bits[i >> 3] |= flags[i] << (i & 7)
  return bits
}

const QUERY = `select n as id, n::int8 as big, n / 4.0::float8 as ratio, 'name ' || n as name, n % 2 = 0 as even,
    nullif(timestamptz '2024-01-01Z' + n * interval '1 min', timestamptz '2024-01-01 00:03Z') as made
  from generate_series(1, 5) n`

const server = process.env.DATABASE_URL ? undefined : await startPostgres()
try {
  const conn = await connect(process.env.DATABASE_URL ?? server.dsn())
  const options = { strings: 'utf8', timestamps: 'microseconds' }
  const { columns, data, validity } = await conn.fetchColumns(QUERY, [], options)
  await conn.close()
  const vectors = columns.map(({ name, typeName }) => [
    name,
    vectorOf(typeName, data[name], validity[name]),
  ])
  const table = new Table(Object.fromEntries(vectors))
  console.log(table.toString())
  console.log('not copied:', table.getChild('id').data[0].values.buffer === data.id.buffer)
} finally {
  await server?.stop()
}
