/** How a parameter is made for each query: as it is, or counting from 1 to a number and again. */
export type ParameterSpec = { readonly value: unknown } | { readonly cycleTo: number }

/** What a driver is asked to do with a case. */
export type CaseKind = 'fetch' | 'copy' | 'batch' | 'bulk' | 'stream' | 'connect'

/** One kind of work. It goes to the workers as JSON. */
export interface BenchCase {
  readonly name: string
  readonly kind: CaseKind
  readonly doc: string
  readonly sql: string
  readonly parameters: readonly ParameterSpec[]
  /** Table and columns that `copy` and `bulk` write to. */
  readonly table?: string
  readonly columns?: readonly { readonly name: string; readonly type: string }[]
  /** The rows that `copy`, `batch` and `bulk` send: one row, repeated. */
  readonly row?: readonly unknown[]
  readonly count?: number
  /** Columns that hold JSON, for drivers that leave it as text. */
  readonly jsonColumns?: readonly number[]
  /** Whether it is one of MagicStack's seven, of which the geometric mean is taken. */
  readonly isMagicStack: boolean
  readonly modes: readonly ModeName[]
}

/** How many connections and callers there are. */
export type ModeName = 'd1' | 'd10' | 's100' | 'pool10x100'

/** A {@link ModeName} in figures. */
export interface BenchMode {
  readonly name: ModeName
  readonly doc: string
  readonly connections: number
  readonly callers: number
  /** Whether the driver's own pool lends the connections. */
  readonly pool: boolean
  /** Whether server and client are bound to a processor each. */
  readonly pinned: boolean
}

/** The modes, by name. */
export const MODES: Readonly<Record<ModeName, BenchMode>> = {
  d1: {
    name: 'd1',
    doc: 'one connection, one caller; server and client on a processor each',
    connections: 1,
    callers: 1,
    pool: false,
    pinned: true,
  },
  d10: {
    name: 'd10',
    doc: 'ten connections, one caller each',
    connections: 10,
    callers: 10,
    pool: false,
    pinned: false,
  },
  s100: {
    name: 's100',
    doc: 'one connection, a hundred callers',
    connections: 1,
    callers: 100,
    pool: false,
    pinned: false,
  },
  pool10x100: {
    name: 'pool10x100',
    doc: "the driver's own pool of ten, a hundred callers",
    connections: 10,
    callers: 100,
    pool: true,
    pinned: false,
  },
}

/** Rows of the table that single rows are read from. */
const KEYS = 10_000

const ROW = [10, 11, 10, 'TESTTESTTEST', 10.333, 12341234, '123412341234'] as const
const COLUMNS = ['a int', 'b int', 'c int', 'd text', 'e float8', 'f int', 'g text'].map(
  (column) => {
    const [name = '', type = ''] = column.split(' ')
    return { name, type }
  },
)

const EVERY_MODE: readonly ModeName[] = ['d1', 'd10', 's100', 'pool10x100']

/** The cases, in the order in which they run. */
export const CASES: readonly BenchCase[] = [
  {
    name: 'pg_type',
    kind: 'fetch',
    doc: 'some hundred rows of twelve columns of the catalogue',
    sql:
      'select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, ' +
      'typisdefined, typdelim, typrelid, typelem, typarray from pg_type ' +
      'where typtypmod = $1 and typisdefined = $2',
    parameters: [{ value: -1 }, { value: true }],
    isMagicStack: true,
    modes: ['d1', 'd10'],
  },
  {
    name: 'generate_series',
    kind: 'fetch',
    doc: 'a thousand rows of one integer',
    sql: 'select i from generate_series(1, $1::int) as i',
    parameters: [{ value: 1000 }],
    isMagicStack: true,
    modes: ['d1', 'd10'],
  },
  {
    name: 'bytea',
    kind: 'fetch',
    doc: 'a hundred values of a kilobyte',
    sql: 'select b from bench_bytes',
    parameters: [],
    isMagicStack: true,
    modes: ['d1', 'd10'],
  },
  {
    name: 'arrays',
    kind: 'fetch',
    doc: 'a hundred arrays of a hundred integers',
    sql: 'select a from bench_arrays',
    parameters: [],
    isMagicStack: true,
    modes: ['d1', 'd10'],
  },
  {
    name: 'copy',
    kind: 'copy',
    doc: 'COPY of ten thousand rows of seven columns into a table',
    sql: '',
    parameters: [],
    table: 'bench_copy',
    columns: COLUMNS,
    row: ROW,
    count: 10_000,
    isMagicStack: true,
    modes: ['d1', 'd10'],
  },
  {
    name: 'batch',
    kind: 'batch',
    doc: 'one insert carried out with a thousand rows of parameters',
    sql: 'insert into bench_batch (a, b, c, d, e, f, g) values ($1, $2, $3, $4, $5, $6, $7)',
    parameters: [],
    table: 'bench_batch',
    columns: COLUMNS,
    row: ROW,
    count: 1000,
    isMagicStack: true,
    modes: ['d1', 'd10'],
  },
  {
    name: 'oneplusone',
    kind: 'fetch',
    doc: 'one row of one integer',
    sql: 'select 1 + 1 as two',
    parameters: [],
    isMagicStack: true,
    modes: EVERY_MODE,
  },
  {
    name: 'primary_key',
    kind: 'fetch',
    doc: 'one row of five columns by its key',
    sql: 'select id, name, email, age, created from bench_key where id = $1',
    parameters: [{ cycleTo: KEYS }],
    isMagicStack: false,
    modes: EVERY_MODE,
  },
  {
    name: 'wide10k',
    kind: 'fetch',
    doc: 'ten thousand rows of ten columns of as many types',
    sql: 'select id, big, ratio, name, note, flag, made, amount, key, doc from bench_wide order by id',
    parameters: [],
    jsonColumns: [9],
    isMagicStack: false,
    modes: ['d1', 'd10'],
  },
  {
    name: 'insert_returning',
    kind: 'fetch',
    doc: 'one row inserted, its key returned',
    sql: 'insert into bench_insert (name, age) values ($1, $2) returning name, age',
    parameters: [{ value: 'TESTTESTTEST' }, { cycleTo: 100 }],
    isMagicStack: false,
    modes: EVERY_MODE,
  },
  {
    name: 'stream1m',
    kind: 'stream',
    doc: 'a million rows of three columns, one after the other',
    sql:
      "select i as id, 'name ' || i as name, timestamptz '2024-01-01 00:00:00Z' + i * interval '1 s' as made " +
      'from generate_series(1, 1000000) as i',
    parameters: [],
    isMagicStack: false,
    modes: ['d1'],
  },
  {
    name: 'bulk_insert',
    kind: 'bulk',
    doc: 'a thousand rows of seven columns in the fastest way the driver has',
    sql: '',
    parameters: [],
    table: 'bench_bulk',
    columns: COLUMNS,
    row: ROW,
    count: 1000,
    isMagicStack: false,
    modes: ['d1', 'd10'],
  },
  {
    name: 'connect',
    kind: 'connect',
    doc: 'a connection opened by SCRAM without TLS, one query, and closed',
    sql: 'select 1 as one',
    parameters: [],
    isMagicStack: false,
    modes: ['d1'],
  },
]

/** Makes the tables of {@link CASES}. They are unlogged: disks are not what is compared. */
export const SETUP: readonly string[] = [
  "create table bench_bytes as select repeat('a', 1000)::bytea as b from generate_series(1, 100)",
  'create table bench_arrays as select array(select i from generate_series(1, 100) i) as a from generate_series(1, 100)',
  ...['copy', 'batch', 'bulk'].map(
    (name) =>
      `create unlogged table bench_${name} (${COLUMNS.map((column) => `${column.name} ${column.type}`).join(', ')})`,
  ),
  `create table bench_key as select i as id, 'name ' || i as name, 'user' || i || '@example.org' as email,
    20 + i % 60 as age, timestamptz '2024-01-01 00:00:00Z' + i * interval '1 minute' as created
    from generate_series(1, ${KEYS}) as i`,
  'alter table bench_key add primary key (id)',
  'create unlogged table bench_insert (id bigint generated always as identity primary key, name text, age int)',
  `create table bench_wide as select i as id, 1700000000000 + i::int8 as big, i / 7.0::float8 as ratio,
    'a name of some length ' || i as name, case when i % 3 = 0 then null else 'note ' || i end as note,
    i % 2 = 0 as flag, timestamptz '2024-01-01 00:00:00Z' + i * interval '1 s' as made,
    (i * 1.2345)::numeric(14, 4) as amount, md5(i::text)::uuid as key,
    jsonb_build_object('id', i, 'tags', jsonb_build_array('a', 'b'), 'nested', jsonb_build_object('x', i * 2)) as doc
    from generate_series(1, 10000) as i`,
  'alter table bench_wide add primary key (id)',
  'vacuum analyze',
]

/** Empties the tables that the cases write to. */
export const RESET = 'truncate bench_copy, bench_batch, bench_bulk, bench_insert'
