import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { connect } from 'sluice'
import { Client } from 'sluice/pg'
import { MessageFramer } from 'sluice/protocol'
import { addresses, answers, connected } from './harness.mjs'

const { plain, scram } = addresses

/** The other entries of the package, and what it shares with its runtime. */
export const platform = {
  async 'the interface of pg'() {
    const client = new Client({ connectionString: scram })
    await client.connect()
    const { rows } = await client.query('select $1::int4 as n', [7])
    assert.deepEqual(rows, [{ n: 7 }])
    await client.end()
  },

  async 'queries are told on the tracing channel'() {
    const texts = []
    const hear = ({ text }) => texts.push(text)
    subscribe('tracing:sluice:query:start', hear)
    try {
      await connected(plain, {}, answers)
    } finally {
      unsubscribe('tracing:sluice:query:start', hear)
    }
    assert.deepEqual(texts, ['select $1::int4 + 1'])
  },

  async 'require gives what import gives'() {
    assert.equal(createRequire(import.meta.url)('sluice').connect, connect)
  },

  async 'the protocol by itself'() {
    const types = []
    const framer = new MessageFramer({ onMessage: (type) => types.push(type) }, 1_000)
    framer.push(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]))
    assert.deepEqual(types, [0x5a])
  },
}
