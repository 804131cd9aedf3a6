import type { Connection } from '../../dist/index.js'

/** Tells that a row went by, so that memory can be looked at. */
export type OnRow = () => void

/** One way to move rows. */
export interface Operation {
  readonly name: string
  /** Moves `count` rows and gives how many it has seen. */
  run(conn: Connection, count: number, onRow: OnRow): Promise<number>
}

/** An integer, a text and a time, as the streaming case of the drivers has them. */
const ROWS = `select i as id, 'row number ' || i as name, timestamptz '2020-01-01' + i * interval '1 s' as made
  from (select generate_series(1, $1::int)) s(i)`

const WITHOUT_PARAMETERS = (count: number): string => ROWS.replace('$1::int', String(count))

function* rows(count: number, onRow: OnRow): Generator<[number, string, Date]> {
  const made = new Date('2020-01-01')
  for (let i = 0; i < count; i++) {
    onRow()
    yield [i, `row number ${i}`, made]
  }
}

async function counted(items: AsyncIterable<unknown>, onRow: OnRow): Promise<number> {
  let seen = 0
  for await (const _ of items) {
    seen += 1
    onRow()
  }
  return seen
}

const TABLE = 'create temp table if not exists copied (id int, name text, made timestamptz)'

async function into(
  conn: Connection,
  fill: () => Promise<{ readonly rowCount: number | null }>,
): Promise<number> {
  await conn.execute(`${TABLE}; truncate copied`)
  return (await fill()).rowCount ?? 0
}

/** Every way that a million rows may take. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'stream',
    run: (conn, count, onRow) => counted(conn.stream(ROWS, [count]), onRow),
  },
  {
    name: 'stream, in chunks',
    async run(conn, count, onRow) {
      let seen = 0
      for await (const chunk of conn.stream(ROWS, [count]).chunks()) {
        seen += chunk.length
        onRow()
      }
      return seen
    },
  },
  {
    name: 'cursor, 1000 ahead',
    run: (conn, count, onRow) =>
      conn.transaction((tx) => counted(tx.cursor(ROWS, [count], { prefetch: 1000 }), onRow)),
  },
  {
    name: 'COPY out, text',
    async run(conn, count, onRow) {
      const result = await conn.copyTo({ query: WITHOUT_PARAMETERS(count) }, onRow)
      return result.rowCount ?? 0
    },
  },
  {
    name: 'COPY out, records',
    run: (conn, count, onRow) => counted(conn.copyRecordsFrom(WITHOUT_PARAMETERS(count)), onRow),
  },
  {
    name: 'COPY in, text',
    run(conn, count, onRow) {
      function* lines() {
        for (const [id, name] of rows(count, onRow)) yield `${id}\t${name}\t2020-01-01\n`
      }
      return into(conn, () => conn.copyFrom('copied', lines()))
    },
  },
  {
    name: 'COPY in, records',
    run: (conn, count, onRow) => into(conn, () => conn.copyRecordsTo('copied', rows(count, onRow))),
  },
  {
    name: 'executemany',
    run: (conn, count, onRow) =>
      into(conn, () =>
        conn.executemany('insert into copied values ($1, $2, $3)', rows(count, onRow)),
      ),
  },
]
