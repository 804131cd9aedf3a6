import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CertificateAuthority, type CertificateWithKey } from './certificates.js'
import type { ServerRoles } from './roles.js'
import type { CertificateFiles } from './server-description.js'
import type { TlsOptions } from './start-options.js'

/** All certificates of one server. */
export interface TlsMaterial {
  /** The authority's certificate as PEM, for clients and for the server. */
  readonly ca: string
  readonly server: CertificateWithKey
  /** For the `cert` role. */
  readonly client: CertificateWithKey
}

/** Makes the certificates a server needs; those given are taken as they are. */
export function makeTlsMaterial(
  options: TlsOptions | undefined,
  roles: ServerRoles,
  serverHosts: readonly string[],
): TlsMaterial {
  const authority = options?.authority ?? new CertificateAuthority()
  const server = options?.server ?? authority.issue({ commonName: 'localhost', hosts: serverHosts })
  const client = authority.issue({
    commonName: roles.byMethod.cert?.user ?? 'nobody',
    usage: 'client',
  })
  return { ca: authority.certificate, server, client }
}

/** The names of the server's files, as its settings have them. */
export const TLS_SETTINGS = {
  ssl: 'on',
  ssl_ca_file: 'sluice-ca.crt',
  ssl_cert_file: 'sluice-server.crt',
  ssl_key_file: 'sluice-server.key',
} as const

/** The server's files: name below the data folder, content. They must be its user's, with mode 0600. */
export function serverTlsFiles(material: TlsMaterial): [name: string, content: string][] {
  return [
    [TLS_SETTINGS.ssl_ca_file, material.ca],
    [TLS_SETTINGS.ssl_cert_file, material.server.certificate],
    [TLS_SETTINGS.ssl_key_file, material.server.key],
  ]
}

/** Writes what clients need into a new folder below `folder`; the key is ours alone to read. */
export async function writeClientFiles(
  folder: string,
  material: TlsMaterial,
): Promise<CertificateFiles> {
  const place = join(folder, 'client')
  await mkdir(place, { mode: 0o700 })
  const files = {
    ca: join(place, 'ca.crt'),
    certificate: join(place, 'client.crt'),
    key: join(place, 'client.key'),
  }
  await writeFile(files.ca, material.ca)
  await writeFile(files.certificate, material.client.certificate)
  await writeFile(files.key, material.client.key, { mode: 0o600 })
  return files
}
