import { FOREIGN_KEYS } from '../src/config/foreign-keys.js'
import type { OptionTable } from '../src/config/option-table.js'
import { CONNECT_OPTIONS } from '../src/config/options.js'
import { ENVIRONMENT_SETTINGS } from '../src/config/startup-parameters.js'
import { SSL_OPTIONS } from '../src/config/tls-options.js'
import { POOL_OPTION_TABLE } from '../src/pool/pool-options.js'
import { CONNECT_DOCS, type Docs, POOL_DOCS, SSL_DOCS } from './option-docs.js'

/** Defaults that are no value of the table, since they depend on something. */
const DEFAULTS: Readonly<Record<string, string>> = {
  host: 'the usual socket directories that have a socket, then `localhost`',
  user: 'the user of the operating system',
  password: 'what the passfile has',
  database: 'the name of the user',
  passfile: '`~/.pgpass`',
  serviceFile: '`~/.pg_service.conf`, then `pg_service.conf` in the folder `PGSYSCONFDIR`',
  ssl: '`prefer`',
  'ssl.mode': '`prefer`; `verify-full` if anything else under `ssl` is given',
  'ssl.ca': '`~/.postgresql/root.crt`',
  'ssl.cert': '`~/.postgresql/postgresql.crt`',
  'ssl.key': '`~/.postgresql/postgresql.key`',
  'ssl.crl': '`~/.postgresql/root.crl`',
  'ssl.servername': 'the host',
  minSize: '2, or `maxSize` if that is less',
}

/** docs/options.md: every option, from the tables that also read and check them. */
export function optionsPage(): string {
  return [
    '# Options',
    '',
    'Made by `npm run docs` from the tables in `src/config` and `src/pool`; do not edit.',
    '',
    'An option is looked for in the option object, then in the connection string, the service file and the environment; else it',
    'has its default. An empty text stands for the default. Times are milliseconds, but seconds in connection strings, service files and',
    'variables, where libpq has them so. [Connecting](connecting.md) tells how they work together.',
    '',
    '## Of a connection',
    '',
    ...table(CONNECT_OPTIONS, CONNECT_DOCS),
    '',
    '## Of TLS, under `ssl`',
    '',
    ...table(SSL_OPTIONS, SSL_DOCS, 'ssl.'),
    '',
    '## Of a pool, besides those of its connections',
    '',
    ...table(POOL_OPTION_TABLE, POOL_DOCS),
    '',
    '## Variables for settings of the server',
    '',
    '| variable | setting |',
    '| --- | --- |',
    ...Object.entries(ENVIRONMENT_SETTINGS).map(
      ([name, setting]) => `| \`${name}\` | \`${setting}\` |`,
    ),
    '',
    '`PGREQUIRESSL=1` stands for `sslmode=require`, and `PGSYSCONFDIR` names the folder of the service file of the system. `PGCLIENTENCODING`',
    'is not read: strings of JavaScript have no encoding of their own.',
    '',
    '## Keys of libpq that are no options',
    '',
    '| key | variable | here |',
    '| --- | --- | --- |',
    ...Object.entries(FOREIGN_KEYS).map(
      ([key, { env, doc }]) => `| \`${key}\` | ${code(env)} | ${cell(doc)} |`,
    ),
    '',
  ].join('\n')
}

function table(rows: OptionTable, docs: Docs<OptionTable>, prefix = ''): readonly string[] {
  return [
    '| option | connection string | variable | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...Object.entries(rows).map(([name, { dsn, env, unit, default: value }]) => {
      const option = `${prefix}${name}`
      const fallback = DEFAULTS[option] ?? describe(value, unit)
      return `| \`${option}\` | ${code(dsn)} | ${code(env)} | ${fallback} | ${cell(docs[name] ?? '')} |`
    }),
  ]
}

function code(name: string | undefined): string {
  return name === undefined ? '' : `\`${name}\``
}

function describe(value: unknown, unit: string | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') {
    const number = value.toLocaleString('en', { useGrouping: value >= 10_000 })
    return unit === undefined ? number : `${number} ${unit}`
  }
  if (typeof value === 'string') return `\`${value}\``
  if (Array.isArray(value)) return value.map((each) => describe(each, unit)).join(', ')
  return cell(`\`${JSON.stringify(value)}\``)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
