import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { ConnectionError, connect } from 'sluice'
import { addresses, answers, bulk, connected, failure } from './harness.mjs'

const { plain, scram, md5, verified, certificate, socket, wrongCa } = addresses

/** Every way to a server, and the ways that must not lead there. */
export const connecting = {
  TCP: () => connected(plain, {}, answers),
  'a unix socket': () => connected(socket, {}, answers),
  SCRAM: () => connected(scram, { requireAuth: 'scram-sha-256', ssl: 'disable' }, answers),
  md5: () => connected(md5, { requireAuth: 'md5', ssl: 'disable' }, answers),

  async 'a wrong password is refused, and not shown'() {
    const error = await failure(connect(scram, { password: 'hunter2-wrong', ssl: 'disable' }))
    assert.equal(error.code, '28P01')
    assert.ok(!inspect(error, { depth: 9 }).includes('hunter2'))
  },

  async 'TLS, verified'() {
    await connected(verified, {}, async (conn) => {
      const query = 'select ssl and version >= $1 from pg_stat_ssl where pid = pg_backend_pid()'
      assert.equal(await conn.fetchval(query, ['TLSv1.2']), true)
      await bulk(conn)
    })
  },

  'direct TLS': () => connected(`${verified}&sslnegotiation=direct`, {}, answers),

  async 'TLS with a client certificate'() {
    await connected(certificate, {}, answers)
  },

  'SCRAM with channel binding': () => connected(verified, { channelBinding: 'require' }, answers),

  async 'a certificate of an unknown authority is refused'() {
    const error = await failure(connect(wrongCa))
    assert.equal(error.name, 'TlsError')
  },

  async 'a certificate for another name is refused'() {
    const url = new URL(verified)
    url.searchParams.set('hostaddr', url.hostname)
    url.hostname = 'elsewhere.example'
    const error = await failure(connect(url.href))
    assert.equal(error.name, 'TlsError')
  },

  async 'a port where nobody listens'() {
    const error = await failure(connect(plain, { port: 1, connectTimeout: 5_000 }))
    assert.ok(error instanceof ConnectionError, error.name)
    assert.equal(error.safeToRetry, true)
  },
}
