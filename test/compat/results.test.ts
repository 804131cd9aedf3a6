import { describe } from 'vitest'
import { outcome, plain, thrown } from './outcome.js'
import { called, compareScenarios, type Scenario, told, withClient } from './scenarios.js'

/** Texts whose whole results are compared, by both protocols where they can be. */
const TEXTS: readonly string[] = [
  'select 1 as a',
  'select',
  'select 1 as a where false',
  'select 1 as a, 2 as a',
  'select 1 as "__proto__", 2 as "constructor", 3 as "toString"',
  'select 1 as "ü €", 2 as "a\'b", 3 as ""',
  'create temp table made (a int primary key, b text)',
  'insert into made values (1, null)',
  "insert into made values (2, 'x'), (3, 'y') returning a, b",
  'update made set b = null',
  'delete from made where a = 3',
  'select a, b from made order by a',
  'merge into made using (values (1)) as v (a) on made.a = v.a when matched then delete',
  'begin',
  'savepoint s',
  'rollback',
  'set application_name to here',
  'show application_name',
  'explain (costs off) select 1',
  'values (1, null), (2, null)',
  'table made',
  'create temp table other as select generate_series(1, 3)',
  'truncate made',
  'declare c cursor with hold for select generate_series(1, 3) as n',
  'fetch 2 from c',
  'move 1 from c',
  'close c',
  'prepare p as select 1',
  'execute p',
  "do $$ begin raise notice 'hello'; end $$",
  'listen somewhere',
  'notify somewhere',
  'discard all',
  '',
  ';',
  '-- nothing',
]

const SCRIPTS: readonly string[] = [
  'select 1 as a; select 2 as b, 3 as c',
  'create temp table many (a int); insert into many values (1), (2); select * from many; drop table many',
  'select 1 as a; ; select 2 as b',
  'select 1 as a;',
  'begin; select 1 as a; commit',
  'select 1 as a; select 1/0; select 2 as b',
  'select 1 as a where false; select 2 as b where false',
]

const texts: Scenario = withClient(async (client) => {
  const list: unknown[] = []
  for (const text of TEXTS) list.push([text, await outcome(client.query(text))])
  return list
})

describe('results', () => {
  compareScenarios({
    'of every kind of statement, by the simple protocol': texts,
    'of every kind of statement, by the extended protocol': withClient(async (client) => {
      const list: unknown[] = []
      for (const text of TEXTS) {
        const query = { text, queryMode: 'extended' } as never
        list.push([text, await outcome(client.query(query))])
      }
      return list
    }),
    'of texts with several statements': withClient(async (client) => {
      const list: unknown[] = []
      for (const text of SCRIPTS) list.push([text, await outcome(client.query(text))])
      return list
    }),
    'as arrays': withClient(async (client) => [
      await client.query({ text: 'select 1 as a, 2 as a, null as b', rowMode: 'array' }),
      await client.query({ text: 'select $1::text as a', values: ['x'], rowMode: 'array' }),
      await client.query({ text: 'select 1 as a; select 2 as b, 3', rowMode: 'array' }),
    ]),
    'are instances of Result': withClient(async (client, pg) => {
      const { Result } = pg as unknown as { Result: new (mode?: string) => object }
      const result = await client.query('select 1 as a')
      const empty = new Result()
      return [result instanceof Result, plain(empty)]
    }),
    'have __proto__ as a column of its own': withClient(async (client) => {
      const { rows } = await client.query('select 7 as "__proto__"')
      const [row] = rows as [object]
      return [Object.keys(row), Object.hasOwn(row, '__proto__'), Object.entries(row)]
    }),
    'of named statements': withClient(async (client) => {
      const { parsedStatements } = client.connection as unknown as { parsedStatements: object }
      const list: unknown[] = []
      const note = async (config: object, values?: unknown[]): Promise<void> => {
        list.push(await outcome(client.query(config as never, values)), { ...parsedStatements })
      }
      await note({ name: 'one', text: 'select $1::int as a' }, [1])
      await note({ name: 'one', text: 'select $1::int as a' }, [2])
      await note({ name: 'one' }, [3])
      await note({ name: 'one', text: 'select 1' })
      await note({ name: 'one', text: '' }, [4])
      await note({ name: 'one', text: null }, [5])
      await note({ name: 'broken', text: 'selec' })
      await note({ name: 'broken', text: 'select 1 as fine' })
      await note({ name: 'two', text: 'select 1; select 2' })
      await note({ name: 'hollow', text: '' })
      return list
    }),
    'in pages by the option rows': withClient(async (client) => {
      const page = (text: string, rows: number): Promise<unknown> =>
        outcome(
          client.query({ text, rows } as object as { text: string }).then(({ rows: all }) => all),
        )
      return [
        await page('select * from generate_series(1, 7) as n', 3),
        await page('select * from generate_series(1, 6) as n', 3),
        await page('select 1 as a where false', 3),
        await page('', 3),
        await outcome(client.query('select 1 as alive')),
      ]
    }),
    'in pages, of queries that fail when the last has come': withClient(async (client) => {
      await client.query('create temp table parent (a int primary key)')
      await client.query(
        'create temp table child (a int references parent deferrable initially deferred)',
      )
      const failing = () => {
        throw new RangeError('not me')
      }
      const inPages = (query: object): Promise<unknown> =>
        outcome(client.query({ rows: 3, ...query } as object as { text: string }))
      return [
        await inPages({ text: 'select 1 as a', types: { getTypeParser: () => failing } }),
        await outcome(client.query('select 1 as alive')),
        await inPages({ text: 'insert into child values (1) returning a' }),
        await outcome(client.query('select 2 as alive')),
        await outcome(client.query('select 3 as alive')),
      ]
    }),
    'of COPY without a stream': withClient(async (client) => {
      await client.query('create temp table target (a int)')
      return [
        await outcome(client.query('copy target from stdin')),
        await outcome(client.query('copy (select 1) to stdout')),
        await outcome(client.query('select 1 as alive')),
      ]
    }),
  })
})

describe('the forms of a query', () => {
  compareScenarios({
    'with a callback': withClient(async (client) => {
      const returned: unknown[] = []
      const call = (...args: unknown[]): Promise<unknown> =>
        called((callback) => {
          const result = (client.query as (...a: unknown[]) => unknown)(...args, callback)
          returned.push(result)
        })
      return [
        await call('select 1 as a'),
        await call('select $1::int as a', [1]),
        await call({ text: 'select 1 as a' }),
        await call({ text: 'select $1::int as a' }, [1]),
        await call('select 1/0'),
        await call('select 1 as a', undefined),
        await call('select 1 as a', null),
        await called((callback) => {
          returned.push(client.query({ text: 'select 1 as a', callback } as never))
        }),
        returned,
      ]
    }),
    'values beat those of the config, which stays as it was': withClient(async (client) => {
      const config = { text: 'select $1::int as a', values: [1] }
      return [(await client.query(config, [2])).rows, (await client.query(config)).rows, config]
    }),
    'a config may be an instance of a class': withClient(async (client) => {
      class Question {
        get text(): string {
          return 'select $1::int as a'
        }
        get values(): number[] {
          return [7]
        }
      }
      return (await client.query(new Question())).rows
    }),
    'misuse is told at once': withClient(async (client) => [
      thrown(() => client.query(null as never)),
      thrown(() => client.query(undefined as never)),
      thrown(() => client.query({ text: 'select 1', callback: 'x' } as never)),
      thrown(() => client.query('select 1', [], 'x' as never)),
      await outcome(client.query({} as never)),
      await outcome(client.query(5 as never)),
      await outcome(client.query({ text: 5 } as never)),
      await outcome(client.query('select 1', 'values' as never)),
      await outcome(client.query({ text: 'select $1', values: {} } as never)),
      await outcome(client.query('select 1 as alive')),
    ]),
    'a Query tells by events': withClient(async (client, pg) => {
      const heard: unknown[] = []
      const listen = (text: string): Promise<unknown> => {
        const query = new pg.Query(text)
        for (const event of ['row', 'end', 'error'] as const) {
          query.on(event, (...args: unknown[]) => heard.push([event, plain(args[0])]))
        }
        const returned = client.query(query)
        return new Promise((resolve) => {
          query.on('end', () => resolve(returned === query))
          query.on('error', () => resolve(returned === query))
        })
      }
      const same = [
        await listen('select 1 as a union all select 2'),
        await listen('select 1/0'),
        await listen('select 1 as a; select 2 as b'),
        await listen(''),
      ]
      await client.query('select 1')
      return [heard, same]
    }),
    'a Query with a callback keeps its rows and tells them too': withClient(async (client, pg) => {
      const heard: unknown[] = []
      const result = await called((callback) => {
        const query = new pg.Query('select 1 as a union all select 2', callback as never)
        query.on('row', (row) => heard.push(row))
        client.query(query)
      })
      return [heard, result]
    }),
    'an exception in a parser fails its query alone': withClient(async (client) => {
      const failing = {
        getTypeParser: () => () => {
          throw new RangeError('not me')
        },
      }
      return [
        await outcome(client.query({ text: 'select 1 as a', types: failing as never })),
        await outcome(
          client.query({ text: 'select $1::int as a', values: [1], types: failing as never }),
        ),
        (await client.query('select 1 as alive')).rows,
      ]
    }),
    'text and binary may be asked for': withClient(async (client) => {
      const asked: unknown[] = []
      const types = {
        getTypeParser: (oid: number, format: string) => {
          asked.push([oid, format])
          return (value: unknown) => [typeof value, Buffer.isBuffer(value)]
        },
      }
      const text = 'select 1 as a, null as b'
      const { rows } = await client.query({ text, types: types as never })
      return [asked, rows]
    }),
    'queries before connect() wait for it': async (pg, dsn) => {
      const client = new pg.Client(dsn)
      const early = [client.query('select 1 as a'), client.query('select 2 as a')]
      await client.connect()
      const rows = (await Promise.all(early)).map((result) => result.rows)
      await client.end()
      return rows
    },
    'notices are told of': withClient(async (client) => {
      const notice = told(client as never, 'notice')
      await client.query("do $$ begin raise notice 'hello' using detail = 'd', hint = 'h'; end $$")
      const [message] = await notice
      return [message instanceof Error, Object.keys(message as object).sort(), plain(message)]
    }),
    'notifications are told of': withClient(async (client) => {
      const notification = told(client as never, 'notification')
      await client.query('listen compat')
      await client.query("select pg_notify('compat', 'payload')")
      const [message] = (await notification) as [{ channel: string; payload: string }]
      return [message.channel, message.payload, Object.keys(message).sort()]
    }),
    'the transaction status follows': withClient(async (client) => {
      const status = (): unknown => client.getTransactionStatus()
      const list = [status()]
      await client.query('begin')
      list.push(status())
      await outcome(client.query('select 1/0'))
      await outcome(client.query('select 1'))
      list.push(status())
      await client.query('rollback')
      list.push(status())
      return list
    }),
  })
})
