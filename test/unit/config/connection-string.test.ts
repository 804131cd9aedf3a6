import { describe, expect, test } from 'vitest'
import { parseConnectionString } from '../../../src/config/connection-string.js'

const KEYS = ['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'connect_timeout', 'options']

function parse(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(parseConnectionString(text, KEYS))
}

type Case = readonly [text: string, values: Readonly<Record<string, string>>]

describe('URI', () => {
  const cases: readonly Case[] = [
    // The forms of libpq's own test (src/interfaces/libpq/t/001_uri.pl) that concern options we have.
    [
      'postgresql://uri-user:secret@host:12345/db',
      { user: 'uri-user', password: 'secret', host: 'host', port: '12345', dbname: 'db' },
    ],
    [
      'postgresql://uri-user@host:12345/db',
      { user: 'uri-user', host: 'host', port: '12345', dbname: 'db' },
    ],
    ['postgresql://host:12345/', { host: 'host', port: '12345' }],
    ['postgresql://host:12345', { host: 'host', port: '12345' }],
    ['postgresql://host/db', { host: 'host', dbname: 'db' }],
    ['postgresql://host/', { host: 'host' }],
    ['postgresql://host', { host: 'host' }],
    ['postgresql://', {}],
    ['postgresql://uri-user@', { user: 'uri-user' }],
    ['postgresql://%68ost/', { host: 'host' }],
    ['postgresql://host/db?user=uri-user', { user: 'uri-user', host: 'host', dbname: 'db' }],
    [
      'postgresql://host/db?u%73er=other&port=12345',
      { user: 'other', host: 'host', port: '12345', dbname: 'db' },
    ],
    ['postgresql://host:12345?user=uri-user', { user: 'uri-user', host: 'host', port: '12345' }],
    ['postgresql://host?', { host: 'host' }],
    ['postgresql://[::1]:12345/db', { host: '::1', port: '12345', dbname: 'db' }],
    ['postgresql://[2001:db8::1234]/', { host: '2001:db8::1234' }],
    ['postgresql://[::1]', { host: '::1' }],
    ['postgres://', {}],
    ['postgres:///', {}],
    ['postgres:///db', { dbname: 'db' }],
    ['postgres://uri-user@/db', { user: 'uri-user', dbname: 'db' }],
    ['postgres://?host=/path/to/socket/dir', { host: '/path/to/socket/dir' }],
    ['postgres://@host', { host: 'host' }],
    ['postgres://host:/', { host: 'host' }],
    ['postgres://:12345/', { port: '12345' }],
    [
      'postgres://u@:12345/db?host=/path',
      { user: 'u', host: '/path', port: '12345', dbname: 'db' },
    ],
    ['postgres://%2Fvar%2Flib%2Fpostgresql/db', { host: '/var/lib/postgresql', dbname: 'db' }],
    // Several hosts and ports
    ['postgres://a,b,c/db', { host: 'a,b,c', port: ',,', dbname: 'db' }],
    ['postgres://a:1,b:2/db', { host: 'a,b', port: '1,2', dbname: 'db' }],
    ['postgres://a:1,b/db', { host: 'a,b', port: '1,', dbname: 'db' }],
    ['postgres://a:1,[::1]:2,:3/db', { host: 'a,::1,', port: '1,2,3', dbname: 'db' }],
    ['postgres://,', { host: ',', port: ',' }],
    ['postgres://a,b?dbname=db', { host: 'a,b', port: ',', dbname: 'db' }],
    // Percent-decoding: parts are cut first, decoded after
    [
      'postgres://us%40er:p%3Aa%2Fs%40s%25@h/d%2Fb',
      { user: 'us@er', password: 'p:a/s@s%', host: 'h', dbname: 'd/b' },
    ],
    ['postgres://u:%F0%9F%90%98@h', { user: 'u', password: '🐘', host: 'h' }],
    ['postgres://u:é🐘@h', { user: 'u', password: 'é🐘', host: 'h' }],
    [
      'postgres://h/d+b?options=-c%20geqo%3Doff',
      { host: 'h', dbname: 'd+b', options: '-c geqo=off' },
    ],
    ['postgres://u:a:b@h', { user: 'u', password: 'a:b', host: 'h' }],
    ['postgres://u:a?b#c@h', { user: 'u', password: 'a?b#c', host: 'h' }],
    ['postgres://:secret@h', { password: 'secret', host: 'h' }],
    ['postgres://u:@h', { user: 'u', host: 'h' }],
    ['postgres:// h /db ', { host: 'h', dbname: 'db' }],
    // Parameters
    ['postgres://h/db?dbname=other', { host: 'h', dbname: 'other' }],
    ['postgres://h?user=a&user=b', { host: 'h', user: 'b' }],
    ['postgres://h?user=', { host: 'h', user: '' }],
    ['postgres://h?user=a&', { host: 'h', user: 'a' }],
    ['postgres://h?ssl=true', { host: 'h', sslmode: 'require' }],
    ['postgres://u@h?user=a@b', { host: 'h', user: 'a@b' }],
    ['postgres://h/a@b', { host: 'h', dbname: 'a@b' }],
    ['postgres://h/a/b', { host: 'h', dbname: 'a/b' }],
  ]
  for (const [text, values] of cases) {
    test(text, () => {
      expect(parse(text)).toEqual(values)
    })
  }
})

describe('keywords and values', () => {
  const cases: readonly Case[] = [
    ['', {}],
    [' \t\n', {}],
    [
      'host=localhost port=5432 dbname=mydb connect_timeout=10',
      { host: 'localhost', port: '5432', dbname: 'mydb', connect_timeout: '10' },
    ],
    ['host = localhost\n port\t=\t1 ', { host: 'localhost', port: '1' }],
    ["user='a b' dbname=c", { user: 'a b', dbname: 'c' }],
    ["user='it\\'s' password='back\\\\slash'", { user: "it's", password: 'back\\slash' }],
    ['user=a\\ b password=c\\\\d', { user: 'a b', password: 'c\\d' }],
    ["user=o'brien", { user: "o'brien" }],
    ["user='a'dbname=b", { user: 'a', dbname: 'b' }],
    ["user='' password=", { user: '', password: '' }],
    ['user= dbname=b', { user: 'dbname=b' }],
    ['user=a user=b', { user: 'b' }],
    ['password=a=b', { password: 'a=b' }],
    ['user=a\\', { user: 'a' }],
    ['dbname=a%20b', { dbname: 'a%20b' }],
    ['host=a,b port=1,2', { host: 'a,b', port: '1,2' }],
    ["host=h options='-c geqo=off'", { host: 'h', options: '-c geqo=off' }],
  ]
  for (const [text, values] of cases) {
    test(JSON.stringify(text), () => {
      expect(parse(text)).toEqual(values)
    })
  }
})

describe('what is refused', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['postgresql://host?uzer=', /unknown key "uzer"; did you mean "user"\?/],
    ['postgresql://host/db?u%7aer=x', /unknown key "uzer"; did you mean "user"\?/],
    ['postgres://h?database=x', /unknown key "database"/],
    ['postgres://h?SSLMODE=x', /unknown key "SSLMODE"; did you mean "sslmode"\?/],
    ['postgres://h?connectTimeout=1', /did you mean "connect_timeout"\?/],
    ['postgres://h?frobnicate=1', /unknown key "frobnicate"$/],
    ['postgres://h?ssl=1', /unknown key "ssl"/],
    ['postgre://', /no "=" behind the word at position 1/],
    ['mydb', /no "=" behind the word at position 1/],
    ['host=a mydb', /no "=" behind the word at position 8/],
    ["user=x 'a'=b", /unknown key is no word/],
    ['postgres+ssl://host?port=1', /unknown key is no word; a URI must begin with "postgresql:/],
    ['postgres://u:x/y?z=1@host', /unknown key stands before an "@".*%2F and "\?" as %3F/],
    ["user='a", /quoted value of "user" has no end/],
    ["user='a\\'", /quoted value of "user" has no end/],
    ['=a', /unknown key ""/],
    [
      'postgres://h?password=a&dbnam=b',
      /unknown key follows "password".*%26; did you mean "dbname"/,
    ],
    ['password=a dbnam=b', /unknown key follows "password".*quoted.*did you mean "dbname"\?/],
    ['postgres://[::1', /no "\]"/],
    ['postgres://[]', /IPv6 address is empty/],
    ['postgres://[::1]z', /followed by something other/],
    ['postgres://host?zzz', /parameter 1 .*has no "="/],
    ['postgres://host?user=a&&port=1', /parameter 2 .*has no "="/],
    ['postgres://host?key=key=value', /parameter 1 .* has a second "="/],
    ['postgres://host?dbname=%XXfoo', /parameter 1 .* has a "%" without two hexadecimal digits/],
    ['postgres://%zz', /"host" has a "%"/],
    ['postgres://%1', /"host" has a "%"/],
    ['postgres://%', /"host" has a "%"/],
    ['postgres://a%%41b', /"host" has a "%"/],
    ['postgres://a%00b', /"host" contains a NUL/],
    ['postgres://u%E9@h', /"user" has escapes that are not UTF-8/],
    ['postgres://h/a b', /"dbname" contains a space/],
    ['user=a\0b', /"user" contains a NUL/],
  ]
  for (const [text, message] of cases) {
    test(JSON.stringify(text), () => {
      expect(() => parse(text)).toThrow(message)
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'ERR_SLUICE_OPTION' }))
    })
  }
})

describe('no error shows a part of the password', () => {
  const broken = [
    'postgres://user:hunter2@x@host/db',
    'postgres://user:x@hunter2@host/db',
    'postgres://user:hunter2%zz@host',
    'postgres://user:hunter2%00@host',
    'postgres://user:hunter2 x@host',
    'postgres://user:%E9hunter2@host',
    'postgres://user:secret@host?password=hunter2=x',
    'postgres://user:secret@host?password=hunter2%',
    'postgres://user@host?password=x&hunter2=y',
    'postgres://user@host?password=x&hunter2=y=z',
    'postgres://user@host?password=x&hunter2',
    'postgres://user@host?password=x&hunter2=%',
    'password=x hunter2',
    "password=x hunter2='y",
    'password=x hunter2=y',
    "password='hunter2",
    'password=x usr=hunter2',
    'password=x hunter2r=y',
    'password=hunter2 nonsensekey=1',
    'password=hunter2\0',
    ' postgresql://user:hunter2@host/db?sslmode=require',
    '"postgresql://user:hunter2@host/db?sslmode=require"',
    'PostgreSQL://user:hunter2=x@host/db',
    'mysql://user:hunter2@host/db?ssl=true',
    "mysql://user:hunter2='x",
    'user:hunter2@host/db?sslmode=require',
    'postgres://user:x/y?hunter2=z@host/db',
    'postgres://user:x/y?hunter2@host/db?sslmode=require',
  ]
  for (const text of broken) {
    test(JSON.stringify(text), () => {
      let error: unknown
      try {
        parse(text)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(TypeError)
      expect(JSON.stringify([String(error), error])).not.toContain('hunter2')
    })
  }
})
