import { describe, expect, test } from 'vitest'
import type { Codec } from '../../../src/types/codec.js'
import { OIDS } from '../../../src/types/oid.js'
import { SessionTypes } from '../../../src/types/session-types.js'
import { TypeCatalogue } from '../../../src/types/type-catalogue.js'
import type { TypeDescription } from '../../../src/types/type-description.js'
import { decode } from './codec-calls.js'

const MOOD = 20_001
const mood: TypeDescription = {
  oid: MOOD,
  schema: 'public',
  name: 'mood',
  structure: { kind: 'enum' },
}

const upper: Codec<string> = {
  name: 'upper',
  decodeText: (buf, start, end) => buf.toString('latin1', start, end).toUpperCase(),
  encodeText: (value, out) => out.utf8(String(value)),
}

function read(types: { get: (oid: number) => Codec }, typeOid: number, text: string): unknown {
  return decode(types.get(typeOid), Buffer.from(text), 'text')
}

describe('a catalogue', () => {
  test('knows what a lookup found, until it is reloaded', () => {
    const catalogue = new TypeCatalogue()
    const before = catalogue.types
    const lookup = catalogue.begin([MOOD])
    expect(catalogue.lookupOf([MOOD])).toBe(lookup)
    expect(catalogue.lookupOf([MOOD, 1])).toBeUndefined()
    catalogue.end(lookup, [mood])
    expect(catalogue.lookupOf([MOOD])).toBeUndefined()
    expect(catalogue.types.unknown([MOOD])).toEqual([])
    // What is learnt changes no codec of what was known, so plans stay valid.
    expect(catalogue.types).toBe(before)
    catalogue.reload()
    expect(catalogue.types).not.toBe(before)
    expect(catalogue.types.hasOptionsOf(before)).toBe(true)
    expect(catalogue.types.unknown([MOOD])).toEqual([MOOD])
  })

  test('does not take what a lookup found that began before it was reloaded', () => {
    const catalogue = new TypeCatalogue()
    const lookup = catalogue.begin([MOOD])
    catalogue.reload()
    expect(catalogue.lookupOf([MOOD])).toBeUndefined()
    catalogue.end(lookup, [mood])
    expect(catalogue.types.unknown([MOOD])).toEqual([MOOD])
  })

  test('tells those who wait for a lookup, once, unless they no longer do', () => {
    const catalogue = new TypeCatalogue()
    const lookup = catalogue.begin([MOOD])
    let calls = 0
    lookup.onEnd(() => {
      calls += 1
    })
    lookup.onEnd(() => {
      calls += 10
    })()
    catalogue.end(lookup, [])
    catalogue.end(lookup, [mood])
    expect(calls).toBe(1)
    expect(catalogue.types.unknown([MOOD])).toEqual([MOOD])
  })

  test('puts the codecs that are set above the options', () => {
    const catalogue = new TypeCatalogue({ uuid: upper, date: 'Date' })
    catalogue.setCodec('pg_catalog.uuid', { decodeText: () => 'set' })
    expect(read(catalogue.types, OIDS.uuid, 'x')).toBe('set')
    expect(read(catalogue.types, OIDS.date, '2000-01-01')).toBeInstanceOf(Date)
    catalogue.resetCodec('pg_catalog.uuid')
    expect(read(catalogue.types, OIDS.uuid, 'x')).toBe('X')
  })
})

describe('the types of a session', () => {
  test('are those of the pool, with codecs of its own on top', () => {
    const catalogue = new TypeCatalogue({ uuid: upper })
    const [one, other] = [new SessionTypes(catalogue), new SessionTypes(catalogue)]
    expect(one.map).toBe(catalogue.types)
    one.setCodec('pg_catalog.uuid', { decodeText: () => 'own' })
    expect(read(one.map, OIDS.uuid, 'x')).toBe('own')
    expect(read(other.map, OIDS.uuid, 'x')).toBe('X')
    catalogue.setCodec('pg_catalog.text', upper)
    expect(read(one.map, OIDS.text, 'x')).toBe('X')
    expect(read(one.map, OIDS.uuid, 'x')).toBe('own')
    one.resetCodec('pg_catalog.uuid')
    expect(read(one.map, OIDS.uuid, 'x')).toBe('X')
  })

  test('can be put back to what they were', () => {
    const session = new SessionTypes(new TypeCatalogue())
    const before = session.codecs
    session.setCodec('pg_catalog.uuid', upper)
    session.restore(before)
    expect(read(session.map, OIDS.uuid, '12345678-1234-1234-1234-123456789abc')).toMatch(/abc$/)
  })

  test('are looked up apart while a change of types is not committed', () => {
    const catalogue = new TypeCatalogue()
    const session = new SessionTypes(catalogue)
    const before = catalogue.types
    expect(session.shared).toBe(catalogue)
    session.onCommand('ALTER TYPE')
    expect(session.shared).toBeUndefined()
    session.table.add([mood])
    expect(session.map.unknown([MOOD])).toEqual([])
    expect(catalogue.types.unknown([MOOD])).toEqual([MOOD])
    expect(catalogue.types).toBe(before)
    session.onTransactionEnd()
    expect(session.shared).toBe(catalogue)
    expect(catalogue.types).not.toBe(before)
    expect(session.map).toBe(catalogue.types)
  })

  test.each([
    'ALTER TYPE',
    'ALTER TABLE',
    'ALTER DOMAIN',
    'ALTER EXTENSION',
    'ALTER SCHEMA',
    'ALTER MATERIALIZED VIEW',
    'DROP TYPE',
    'DROP TABLE',
    'DROP OWNED',
    'DROP EXTENSION',
    'CREATE VIEW',
    'CREATE TYPE',
    'DO',
  ])('are no longer those of the pool after %s', (tag) => {
    const session = new SessionTypes(new TypeCatalogue())
    session.onCommand(tag)
    expect(session.shared).toBeUndefined()
  })

  test.each(['SELECT 1', 'CREATE TABLE', 'CREATE INDEX', 'DROP INDEX', 'ALTER ROLE', 'DOMAIN', ''])(
    'are still those of the pool after %j',
    (tag) => {
      const session = new SessionTypes(new TypeCatalogue())
      session.onCommand(tag)
      session.onTransactionEnd()
      expect(session.shared).toBeDefined()
    },
  )

  test('are forgotten by all when one asks for it', () => {
    const catalogue = new TypeCatalogue()
    const session = new SessionTypes(catalogue)
    catalogue.table.add([mood])
    session.reload()
    expect(session.map.unknown([MOOD])).toEqual([MOOD])
    expect(catalogue.types.unknown([MOOD])).toEqual([MOOD])
  })
})
