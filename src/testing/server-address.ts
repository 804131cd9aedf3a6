import type { AuthMethod } from './roles.js'
import {
  type CertificateFiles,
  type DsnOptions,
  formatDsn,
  type ServerDescription,
} from './server-description.js'

/**
 * How to reach a test server, without power over it. Made from a {@link ServerDescription}, so that
 * processes other than the one which started the server can have it.
 */
export class ServerAddress {
  readonly #description: ServerDescription

  constructor(description: ServerDescription) {
    this.#description = description
  }

  /** The server as plain data, for another process. */
  get description(): ServerDescription {
    return this.#description
  }

  /** Such as `18.4`. Undefined for a server of the user's own. */
  get version(): string | undefined {
    return this.#description.version
  }

  /** Such as 18. Undefined where the version is. */
  get majorVersion(): number | undefined {
    const { version } = this.#description
    return version === undefined ? undefined : Number.parseInt(version, 10)
  }

  /** The host for TCP: `127.0.0.1` unless the provider has it elsewhere. */
  get host(): string | undefined {
    return this.#description.host
  }

  /** The TCP port, also part of the socket's name. A restart keeps it. */
  get port(): number {
    return this.#description.port
  }

  /** The folder of the unix socket. Undefined where there is none. */
  get socketDir(): string | undefined {
    return this.#description.socketDir
  }

  /** The certificate of the authority behind the server's certificate, as PEM. Undefined without TLS. */
  get ca(): string | undefined {
    return this.#description.ca
  }

  /** Files for clients that use TLS; they go away with the server. Undefined without TLS. */
  get certificates(): CertificateFiles | undefined {
    return this.#description.certificates
  }

  /** The DSN of the superuser. */
  get adminDsn(): string {
    return formatDsn(this.#description, { user: this.#description.roles.admin.user })
  }

  /** The ways of authentication for which `dsn({ auth })` has a role. */
  get authMethods(): AuthMethod[] {
    return Object.keys(this.#description.roles.byMethod) as AuthMethod[]
  }

  /**
   * A DSN for the server. Without options: TCP, the database made at the start, and the role that
   * the option `auth` of `startPostgres` chose.
   *
   * @throws {InterfaceError} if the server has not got what is asked for.
   */
  dsn(options: DsnOptions = {}): string {
    return formatDsn(this.#description, options)
  }
}
