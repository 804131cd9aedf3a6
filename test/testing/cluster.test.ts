import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../src/index.js'
import { startCluster, type TestCluster } from '../../src/testing/index.js'

describe('a cluster', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await startCluster({ standbys: 2, tls: false })
  })
  afterAll(() => cluster.stop())

  const ask = async <T>(dsn: string, sql: string): Promise<T | null> => {
    await using conn = await connect(dsn)
    return await conn.fetchval<T>(sql)
  }

  test('is a primary, and standbys that receive what it writes', async () => {
    const inRecovery = await Promise.all(
      cluster.servers.map((server) => ask(server.dsn(), 'select pg_is_in_recovery()')),
    )
    expect(inRecovery).toEqual([false, true, true])

    await using conn = await connect(cluster.primary.adminDsn)
    await conn.execute('create table replicated as select 42 as answer')
    const lsn = await conn.fetchval<string>('select pg_current_wal_lsn()::text')
    for (const standby of cluster.standbys) {
      await using other = await connect(standby.adminDsn)
      while (!(await other.fetchval(`select pg_last_wal_replay_lsn() >= '${lsn}'`)));
      expect(await other.fetchval('select answer from replicated')).toBe(42)
      await expect(other.execute('drop table replicated')).rejects.toMatchObject({ code: '25006' })
    }
  })

  test('has one DSN for all', async () => {
    const addresses = cluster.servers.map(({ host, port }) => `${host}:${port}`)
    expect(cluster.dsn()).toContain(`@${addresses.join(',')}/postgres`)
    expect(await ask(cluster.dsn(), 'select 1')).toBe(1)
  })

  test('goes on with a standby that is promoted', async () => {
    const [standby] = cluster.standbys
    if (standby === undefined) return expect.unreachable()
    await cluster.primary.kill()
    await cluster.promote(standby)
    expect(await ask(standby.dsn(), 'select pg_is_in_recovery()')).toBe(false)
    await using conn = await connect(standby.adminDsn)
    expect(await conn.execute('create table written_after()')).toMatchObject({
      command: 'CREATE TABLE',
    })
  })

  test('promotes standbys of its own only', async () => {
    await expect(cluster.promote(cluster.primary)).rejects.toThrow(/no standby of this cluster/)
  })
})

test('a cluster needs a standby', async () => {
  await expect(startCluster({ standbys: 0 })).rejects.toThrow(/standbys must be a whole number/)
  await expect(startCluster({ standby: 1 } as object)).rejects.toThrow(/no option "standby"/)
})
