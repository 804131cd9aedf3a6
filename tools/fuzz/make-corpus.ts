/** Writes the seed corpus of the fuzzer, test/fixtures/corpus, from the tables of the unit tests. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OIDS } from '../../src/types/oid.js'
import { TypeMap } from '../../src/types/type-map.js'
import { hex } from '../../test/support/bytes.js'
import { backendMessages } from '../../test/unit/protocol/backend-messages.js'

const corpus = fileURLToPath(new URL('../../test/fixtures/corpus', import.meta.url))

function write(target: string, inputs: readonly Uint8Array[]): void {
  mkdirSync(`${corpus}/${target}`, { recursive: true })
  for (const [i, input] of inputs.entries()) {
    writeFileSync(`${corpus}/${target}/${String(i).padStart(3, '0')}`, input)
  }
}

const text = (kind: number, content: string) =>
  Buffer.concat([Buffer.of(kind), Buffer.from(content)])

write(
  'protocol',
  backendMessages.map(([, bytes]) => Buffer.concat([Buffer.of(2), hex(bytes)])),
)
write('authentication', [
  text(0, 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
  text(1, 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='),
  text(1, 'e=invalid-proof'),
  text(2, '{"status":"invalid_token","openid-configuration":"https://a.test/","scope":"openid"}'),
  Buffer.concat([Buffer.of(3), hex('300f 3000 300a 06082a8648ce3d040302 030100')]),
  Buffer.concat([
    Buffer.of(3),
    hex('3021 3000 301c 06092a864886f70d01010a 300f a00d 300b 0609608648016503040202 030100'),
  ]),
  text(4, '!password,!md5'),
])
write('connection-string', [
  ...[
    'postgresql://user:secret@host1:123,[::1]:456/db?application_name=a%20b&sslmode=require',
    'postgres:///db?host=/tmp&port=5433',
    "host=localhost port=5432 user='a b' password='it\\'s' dbname=x",
    'host = a,b port = 1,2 target_session_attrs=any',
  ].map((each) => Buffer.from(each)),
])

/** Texts and bytes that some type takes; each codec gets them all. */
const values = [
  "'t'",
  "'-12345'",
  "'1.5e10'",
  "'NaN'",
  "'2024-02-29'",
  "'24:00:00'",
  "'2024-01-01 12:34:56.789+02'",
  "'1 year 2 mons 3 days 04:05:06'",
  '\'{1,NULL,"a b"}\'',
  "'[1,10)'",
  '\'(1,"x y",)\'',
  '\'{"a": [1, null]}\'',
  "'192.168.0.1/24'",
  "'<a>b</a>'",
  "'101'",
  '00',
  '01',
  '0001',
  '0000002a',
  'ffffffff',
  '4009 21fb 5444 2d18',
  '0000000000000001 00000002 00000003',
  '00000001 00000000 00000017 00000001 00000001 00000004 0000002a',
  '0002 0000 0000 0002 0001 1388',
  '0220 0004 c0a80001',
  '02 00000004 00000001 00000004 0000000a',
  "01 '{}'",
]
const codecs = Object.values(OIDS).map((oid) => TypeMap.builtin.get(oid))
write(
  'codecs',
  codecs.flatMap((codec, i) =>
    values
      .filter((_, k) => (i + k) % 25 === 0)
      .map((value) =>
        Buffer.concat([
          Buffer.of(i >> 8, i & 255, value.startsWith("'") || !codec.decodeBinary ? 0 : 1),
          hex(value),
        ]),
      ),
  ),
)
