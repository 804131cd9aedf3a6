import { EncodeError } from '../src/base/errors.js'
import { MessageWriter } from '../src/protocol/message-writer.js'
import { BUILTIN_CONTAINERS } from '../src/types/builtin-containers.js'
import { BUILTIN_TYPES, type BuiltinType } from '../src/types/builtin-types.js'
import { type TraitedCodec, traitsOf } from '../src/types/codec-traits.js'
import { EXTENSION_CODECS } from '../src/types/extension-codecs.js'
import { TypeMap } from '../src/types/type-map.js'
import {
  COMMON_MODES,
  EXTENSION_NOTES,
  OBJECT_NAME_NOTE,
  TYPE_NOTES,
  type TypeNote,
} from './type-notes.js'

const INTRODUCTION = `# Types

<!-- Written by tools/generate-docs.ts from the registry of types. Change that, not this. -->

Values travel in PostgreSQL's binary form wherever the type has a codec for it, and nothing is ever rounded or cut:
a value that does not fit is a \`DecodeError\` or an \`EncodeError\` that names the column or parameter, the type, and the
option to set. NULL is \`null\` everywhere, and \`undefined\` is an \`EncodeError\`.

Parameters are encoded by the type that the server reports for \`$n\`: an array is JSON for a jsonb and an array for an int4[].

## Built-in types

*Text* stands for anything that PostgreSQL itself reads as a value of the type: it goes as it is, and the server judges.
`

const OPTIONS = `
## Options

\`types\` says how values of a type become JavaScript values and back: for a connection, for a pool, or for one query.

\`\`\`ts
const pool = await createPool(dsn, {
  types: {
    int8: 'bigint',
    json: { parse, stringify },
    mood: { encode: (mood: Mood) => mood.name, decode: (text: string) => Mood.of(text) },
    'shop.price': { format: 'tuple', encode: (p: Price) => [p.amount, p.currency], decode: ([a, c]) => new Price(a, c) },
  },
})
const rows = await pool.fetch('select id from users', [], { types: { int8: 'string' } })
\`\`\`

- Keys are names as in \`pg_type.typname\`, \`schema.name\` where a name alone is not enough, or OIDs. Types of the database
  need not exist yet: an option holds once the type is seen. A name one letter away from that of a built-in type is an error.
- An option holds wherever the type is part of another: \`int8: 'bigint'\` also for int8[], int8range, a domain over int8 and a
  composite type with an int8. \`xid8\` follows \`int8\`, \`jsonb\` follows \`json\`; a codec is for its own type alone.
- A query's options are above those of its connection (\`setTypeCodec\`), these above those of the pool, these above the built-in ones.
  The same \`types\` object for every query saves making codecs anew.
- \`arrayLowerBounds: 'keep'\` gives arrays the lower bounds of their dimensions, as a property \`lowerBounds\`.

A codec of your own is an object of \`encode\`, \`decode\` or both, by \`format\`: \`'text'\` (the default), \`'binary'\`, or for composite types
\`'tuple'\`, the values of the attributes in their order. Where every microsecond counts it is a \`Codec\`, whose functions read
windows of bytes and write to the output buffer. \`builtinCodec\`, \`decodeValue\` and \`encodeValue\` use codecs without a connection.

\`setTypeCodec(typename, codec, { schema })\` of a connection or pool does the same later on, and \`resetTypeCodec\` takes it back. They
look the type up and refuse unknown ones; arrays and domains follow the types that they are made of.

## Types of the database

Enums, composite types, domains, ranges, multiranges and types of extensions are looked up in the catalogue when a statement
first uses them: one query for all of its unknown types and what they are made of, for the whole pool. It goes ahead
of the statement on the same connection, within its transaction if there is one, and works behind a pooler. With
\`statementMode: 'simple'\` nothing is looked up: their values come as the server prints them, whatever codec is given for their name.

| type | JavaScript value | also taken |
| --- | --- | --- |
| T[] | array, of arrays for more dimensions, up to six | typed arrays |
| enum | string | |
| composite | object by attribute name | array of the attributes' values; text |
| domain | as its base type | |
| range, multirange | \`Range\`, \`Range[]\` | \`{ lower, upper, bounds }\`; text |
| any other | string, as the server prints it | text |

Types of extensions are known by their name:
`

const CHANGES = `
### When types change

What is known is forgotten when a connection of the pool runs a command that may change types (\`ALTER TYPE\`, \`DROP TABLE\`,
\`CREATE VIEW\`, …), once that is committed; until then only its own transaction sees the change. For changes made elsewhere,
\`reloadSchema()\` does it. It is seldom needed: a row that shows that its type has changed makes the driver look the type up again
and read the row once more, and a parameter that the server refuses for that reason is encoded and sent once more if no
transaction is open. Streams and COPY cannot go back; there the \`DecodeError\` has the code \`ERR_SLUICE_STALE_TYPE\`.
`

/** The text of docs/types.md. @throws {Error} if a type of the registry has no note, or a note no type */
export function typesPage(): string {
  const notes = new Map(Object.entries(TYPE_NOTES))
  const rows = BUILTIN_TYPES.map((type) => builtinRow(type, taken(notes, type.codec.name)))
  for (const { oid } of BUILTIN_CONTAINERS) {
    const codec = TypeMap.builtin.get(oid)
    rows.push(row(codec.name, taken(notes, codec.name).value, takes(codec), ''))
  }
  expectNone(notes)
  const extensionNotes = new Map(Object.entries(EXTENSION_NOTES))
  const extensions = Object.entries(EXTENSION_CODECS).map(([name, codec]) =>
    row(name, taken(extensionNotes, name).value, takes(codec)),
  )
  expectNone(extensionNotes)
  return [
    INTRODUCTION,
    table(['type', 'JavaScript value', 'taken as a parameter', 'options'], rows),
    OPTIONS,
    table(['type', 'JavaScript value', 'taken as a parameter'], extensions),
    CHANGES,
  ].join('\n')
}

function builtinRow(type: BuiltinType, note: TypeNote): string {
  const { codec, modes, custom, follows } = type
  const options = Object.entries(modes).map(([word, mode]) => {
    const what = mode === codec ? 'the default' : (note.modes?.[word] ?? COMMON_MODES[word])
    if (what === undefined) throw new Error(`${codec.name}: '${word}' has no note`)
    return `\`'${word}'\`: ${what}`
  })
  if (custom !== undefined) options.push(custom.description)
  if (follows !== undefined) options.push(`as for ${follows}, unless given`)
  return row(codec.name, note.value, takes(codec), options.join('; '))
}

/** What a codec takes, in its own words: those of the error for a value that none takes. */
function takes(codec: TraitedCodec): string {
  const values = refusal(codec)
  const isText = traitsOf(codec).goesAsText?.('any') === true
  if (isText && values === 'strings') return 'text'
  return isText && !/text/i.test(values) ? `${values}; text` : values
}

function refusal(codec: TraitedCodec): string {
  try {
    codec.encodeText(Symbol('nothing takes it'), new MessageWriter())
  } catch (error) {
    if (error instanceof EncodeError) return /which takes (.*)$/s.exec(error.message)?.[1] ?? ''
    throw error
  }
  return 'anything'
}

function taken(notes: Map<string, TypeNote>, name: string): TypeNote {
  const note = notes.get(name) ?? (/^reg/.test(name) ? OBJECT_NAME_NOTE : undefined)
  if (note === undefined) throw new Error(`${name} has no note`)
  notes.delete(name)
  return note
}

function expectNone(notes: ReadonlyMap<string, TypeNote>): void {
  if (notes.size > 0) throw new Error(`there are no types ${[...notes.keys()].join(', ')}`)
}

function table(heads: readonly string[], rows: readonly string[]): string {
  return [row(...heads), row(...heads.map(() => '---')), ...rows].join('\n')
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(
    '|  |',
    '| |',
  )
}
