import type { CONNECT_OPTIONS } from '../src/config/options.js'
import type { SSL_OPTIONS } from '../src/config/tls-options.js'
import type { POOL_OPTION_TABLE } from '../src/pool/pool-options.js'

/** A sentence for each option of a table. */
export type Docs<Table> = Readonly<Record<keyof Table, string>>

/** Of the options of a connection. */
export const CONNECT_DOCS: Docs<typeof CONNECT_OPTIONS> = {
  host: 'Host names, addresses or socket directories, tried in turn.',
  port: 'The port, or one for each host.',
  hostAddress: 'Addresses of the hosts, one for each, so that nothing is looked up.',
  targetSessionAttrs: 'Which servers will do.',
  loadBalanceHosts: 'Whether hosts and their addresses are tried in random order.',
  hostRecheck: 'For how long a pool remembers which hosts are down and which are standbys.',
  user: 'The role to connect as.',
  password: 'The password, or a function that gives it at each connect.',
  database: 'The database.',
  passfile: 'A file of passwords by host, port, database and user.',
  service: 'A section of the service file to read options from.',
  serviceFile: 'A file of connection parameters by service.',
  ssl: 'How far TLS is insisted on, and with which certificates.',
  requireAuth: 'Authentication methods that the server may ask for.',
  channelBinding: 'Whether SCRAM is tied to the TLS connection.',
  scramMaxIterations: 'The most iterations of SCRAM that a server may ask for.',
  scramClientKey: 'The ClientKey of SCRAM in the place of a password: 32 bytes or their base64.',
  scramServerKey:
    'The ServerKey of SCRAM, by which the server proves itself: 32 bytes or their base64.',
  oauthToken: 'A function that gives a bearer token to a server that wants OAuth.',
  gssProvider: 'A function that makes a GSSAPI context for a server that wants one.',
  gssServiceName: "The service in the server's Kerberos principal.",
  minProtocolVersion: 'The oldest version of the protocol to accept.',
  maxProtocolVersion: 'The version of the protocol to ask for; "latest" is 3.2.',
  connectTimeout:
    'Time for each attempt to connect, 0 for no limit; seconds in texts, as in libpq.',
  queryTimeout: 'Time for each query that has no timeout of its own; 0 for no limit.',
  keepAlive: 'Whether TCP asks an idle peer if it is still there.',
  keepAliveIdle:
    "After how long a silence TCP asks first, 0 for the system's own; seconds in texts, as in libpq.",
  applicationName: 'What the server shows in pg_stat_activity and its log.',
  fallbackApplicationName: 'The same, where nobody gives applicationName.',
  settings: 'Server settings for the session, sent at startup.',
  statementMode: 'How the text of a query becomes a statement.',
  statementCacheSize: 'Most prepared statements kept per connection; 0 keeps none.',
  maxMessageSize: 'Largest message to accept from the server.',
  types: 'How values of types become JavaScript values, by name or OID of the type.',
  signal: 'Aborts connecting.',
  onNotice: 'Called with each notice of the server.',
  onQuery: 'Called after each query and COPY with its text, duration, count of rows, and error.',
  trace: 'A stream for the conversation with the server, in the format of PQtrace.',
  options: 'Command-line options for the server process.',
  replication: 'Makes this a replication connection: true (physical) or "database" (logical).',
}

/** Of the options under `ssl`. */
export const SSL_DOCS: Docs<typeof SSL_OPTIONS> = {
  mode: 'How far TLS is insisted on; prefer unless anything under ssl is given.',
  negotiation: 'Whether TLS is asked for first or starts at once (direct, PostgreSQL 17+).',
  ca: 'Root certificates: PEM, in texts the path of a file; "system" for those of Node.js.',
  cert: "The client's certificate: PEM, in texts the path of a file.",
  key: "The key of the client's certificate: PEM, in texts the path of a file.",
  passphrase: 'Opens the key when it is encrypted.',
  certMode: "Whether the client's certificate is shown when the server asks for it.",
  crl: 'Lists of revoked certificates: PEM, in texts the path of a file.',
  crlDir: 'A folder of lists of revoked certificates.',
  servername: "The name that the server's certificate must be for, if not the host's.",
  sni: 'Whether the server is told its name in clear text (SNI).',
  keyLogFile: 'A file that the keys of TLS sessions are appended to, for debugging.',
  minVersion: 'The lowest version of TLS to accept.',
  maxVersion: 'The highest version of TLS to accept.',
}

/** Of the options of a pool, besides those of its connections. */
export const POOL_DOCS: Docs<typeof POOL_OPTION_TABLE> = {
  minSize: 'Connections kept open, also when nobody needs them.',
  maxSize: 'Most connections open at once.',
  maxQueries: 'How often a connection is lent before it is replaced.',
  idleTimeout: 'How long a connection beyond minSize may be idle; 0 for ever.',
  maxLifetime: 'How old a connection may get; 0 for ever.',
  lifetimeJitter: 'Share of maxLifetime that chance may take off.',
  acquireTimeout: 'How long a caller waits for a connection.',
  maxWaiting: 'Most callers that wait for a connection.',
  retryBackoff: 'Pauses between attempts to connect while they fail.',
  validateAfterIdle:
    'A connection that was idle for longer is asked for a sign of life before it is lent.',
  validationTimeout: 'How long that sign of life may take.',
  shedding: 'Refuses callers under overload, so that those served are served in time.',
  pipelining: 'How many single queries may share a connection; true for 8.',
  unref: 'Whether idle connections let the process exit.',
  leakThreshold:
    'A connection lent for longer is reported with the stack of its borrower; 0 for never.',
  connect: 'Opens connections in the place of connect().',
  init: 'Runs once for each new connection.',
  setup: 'Runs before a connection is lent.',
  reset: 'Runs when a connection came back.',
  name: 'What metrics and errors call the pool.',
}
