/** How a connection reaches the server and proves who it is. */
export interface Route {
  readonly path: 'unix' | 'tcp'
  readonly tls: 'none' | 'negotiated' | 'direct'
  /** As the server calls it (`scram-sha-256`, `trust`, …), or `null` if it does not say. */
  readonly auth: string | null
}

/** The name of a route in the results, such as `tcp-tls-direct-scram`. */
export function routeName({ path, tls, auth }: Route): string {
  const tlsPart = { none: [], negotiated: ['tls'], direct: ['tls', 'direct'] }[tls]
  const authPart = auth === null ? [] : [shortAuth(auth)]
  return [path, ...tlsPart, ...authPart].join('-')
}

/** The name of a route for readers, such as "TCP, direct TLS, SCRAM". */
export function routeLabel({ path, tls, auth }: Route): string {
  const pathPart = { unix: 'Unix socket', tcp: 'TCP' }[path]
  const tlsPart = { none: [], negotiated: ['TLS'], direct: ['direct TLS'] }[tls]
  const short = auth === null ? [] : [shortAuth(auth)]
  const authPart = short.map((name) => (name === 'scram' ? 'SCRAM' : name))
  return [pathPart, ...tlsPart, ...authPart].join(', ')
}

function shortAuth(auth: string): string {
  return auth === 'scram-sha-256' ? 'scram' : auth
}
