/*
 * One driver in a process of its own, which nobody has loaded anything into. Its arguments: the name of the
 * driver, `start` or `connections`, the DSN, and how many connections. It prints its figures as JSON.
 */

/** How each driver is loaded, connects, asks the server something, and ends. */
const DRIVERS = {
  sluice: {
    load: () => import('../../dist/index.js'),
    open: ({ connect }, dsn) => connect(dsn),
    ask: (conn) => conn.fetchval('select 1'),
    close: (conn) => conn.close(),
  },
  pg: {
    load: () => import('pg'),
    async open({ default: pg }, dsn) {
      const client = new pg.Client(dsn)
      await client.connect()
      return client
    },
    ask: (client) => client.query('select 1'),
    close: (client) => client.end(),
  },
  postgres: {
    load: () => import('postgres'),
    open: ({ default: postgres }, dsn) => postgres(dsn, { max: 1 }),
    ask: (sql) => sql`select 1`,
    close: (sql) => sql.end(),
  },
}

/** Processor time of the process, in ms. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** What JavaScript holds, in bytes, once nothing more can be collected. */
async function held() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function start({ load, open, ask, close }, dsn) {
  const [ms, cpu] = [performance.now(), cpuMs()]
  const module = await load()
  const [loadedMs, loadedCpu] = [performance.now() - ms, cpuMs() - cpu]
  const conn = await open(module, dsn)
  await ask(conn)
  const answeredCpu = cpuMs() - cpu
  await close(conn)
  return { loadedMs, loadedCpu, answeredCpu }
}

async function connections({ load, open, ask, close }, dsn, count) {
  const module = await load()
  const openOne = async () => {
    const conn = await open(module, dsn)
    await ask(conn)
    return conn
  }
  // What the first one needs all others share.
  const opened = [await openOne()]
  const before = await held()
  while (opened.length <= count) opened.push(await openOne())
  const bytes = ((await held()) - before) / count
  await Promise.all(opened.map(close))
  return { bytes }
}

const [name, what, dsn, count] = process.argv.slice(2)
const driver = DRIVERS[name]
const figures = what === 'start' ? start(driver, dsn) : connections(driver, dsn, Number(count))
console.log(JSON.stringify(await figures))
