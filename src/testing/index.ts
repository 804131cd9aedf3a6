/** `sluice/testing`: PostgreSQL servers for tests and benchmarks. */

export {
  CertificateAuthority,
  type CertificateRequest,
  type CertificateWithKey,
} from './certificates.js'
export { AUTH_METHODS, type AuthMethod, type LoginRole, type ServerRoles } from './roles.js'
export { ServerAddress } from './server-address.js'
export type { CertificateFiles, DsnOptions, ServerDescription } from './server-description.js'
export { type ClusterOptions, startCluster } from './start-cluster.js'
export type { ProviderName, StartOptions, TlsOptions } from './start-options.js'
export { startPostgres } from './start-postgres.js'
export { TestCluster } from './test-cluster.js'
export { type ShutdownMode, TestPostgres } from './test-postgres.js'
export { TestServerError } from './test-server-error.js'
