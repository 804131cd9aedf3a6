import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { Authenticator } from '../../../src/auth/authenticator.js'
import type { ConnectionClosedError, Notice } from '../../../src/base/errors.js'
import type { Peer } from '../../../src/transport/peer.js'
import { OIDS } from '../../../src/types/oid.js'
import { TypeCatalogue } from '../../../src/types/type-catalogue.js'
import type { CancelOutcome } from '../../../src/wire/cancellation.js'
import { Limits } from '../../../src/wire/limits.js'
import type { PromiseRequest } from '../../../src/wire/request.js'
import { QueryRequest, type ResultShape } from '../../../src/wire/requests/query.js'
import { type CommandResult, SimpleQueryRequest } from '../../../src/wire/requests/simple-query.js'
import { type MinorVersions, StartupRequest } from '../../../src/wire/requests/startup.js'
import { Session } from '../../../src/wire/session.js'
import { StatementCache } from '../../../src/wire/statement-cache.js'
import { type ConnectionHandler, WireConnection } from '../../../src/wire/wire-connection.js'
import { FakeBackend, settled } from '../../support/fake-backend.js'
import { MemoryTransport } from '../../support/memory-transport.js'
import * as server from '../../support/server-messages.js'

const PEER: Peer = {
  name: 'db.test:5432',
  address: '192.0.2.1:5432',
  host: 'db.test',
  target: { host: '192.0.2.1', port: 5432 },
  encryption: 'plain',
  tls: undefined,
  keepAlive: false,
}

/** What a connection told its handler. */
export class RecordingHandler implements ConnectionHandler {
  readonly notices: Notice[] = []
  readonly notifications: unknown[] = []
  readonly parameters: [name: string, value: string][] = []
  readonly closed: (ConnectionClosedError | undefined)[] = []
  idles = 0

  onNotice(notice: Notice): void {
    this.notices.push(notice)
  }

  onNotification(notification: unknown): void {
    this.notifications.push(notification)
  }

  onParameterStatus(name: string, value: string): void {
    this.parameters.push([name, value])
  }

  onIdle(): void {
    this.idles += 1
  }

  onClosed(error: ConnectionClosedError | undefined): void {
    this.closed.push(error)
  }
}

/** CancelRequests that were sent, each to be answered by the test. */
export class RecordingCancels {
  readonly #answers: ((outcome: CancelOutcome) => void)[] = []
  count = 0

  send(): Promise<CancelOutcome> {
    this.count += 1
    return new Promise((resolve) => this.#answers.push(resolve))
  }

  /** The oldest that is not answered is. */
  async answer(outcome: CancelOutcome = 'sent'): Promise<void> {
    this.#answers.shift()?.(outcome)
    await settled()
  }
}

/** A request that may be given up. */
interface Limited<T> {
  readonly promise: Promise<T>
  readonly error: Promise<unknown>
  readonly abort: () => void
}

/** A connection over a {@link MemoryTransport} and the two who talk to it. */
export class Scene {
  readonly handler: RecordingHandler = new RecordingHandler()
  readonly wire: WireConnection
  readonly transport: MemoryTransport
  readonly backend: FakeBackend
  readonly startup: StartupRequest
  readonly cancels: RecordingCancels = new RecordingCancels()

  constructor(
    statements: StatementCache | number = 100,
    versions: MinorVersions = { min: 0, max: 0 },
    types: TypeCatalogue = new TypeCatalogue(),
  ) {
    const session = new Session(
      types,
      typeof statements === 'number' ? new StatementCache(statements) : statements,
    )
    this.wire = new WireConnection(session, PEER, 1024 * 1024, this.handler, () =>
      this.cancels.send(),
    )
    this.transport = new MemoryTransport(this.wire)
    this.backend = new FakeBackend(this.transport)
    this.startup = new StartupRequest(
      { user: 'app', client_encoding: 'UTF8' },
      versions,
      new Authenticator({ user: 'app', secure: true, password: async () => 'secret' }),
    )
  }

  /** A connection that has sent its startup message. */
  static async starting(
    statements?: StatementCache | number,
    types?: TypeCatalogue,
  ): Promise<Scene> {
    const scene = new Scene(statements, undefined, types)
    scene.wire.start(scene.transport, scene.startup)
    await scene.backend.expect('Startup')
    return scene
  }

  /** A connection that is ready, before which nothing has happened. */
  static async ready(statements?: StatementCache | number, types?: TypeCatalogue): Promise<Scene> {
    const scene = await Scene.starting(statements, types)
    scene.backend.send(server.authenticationOk, server.backendKeyData(7), server.readyForQuery())
    await scene.startup.promise
    scene.handler.idles = 0
    return scene
  }

  /** Submits a query in the extended protocol, for all its rows as arrays. */
  query(text: string, ...parameters: readonly unknown[]): Promise<unknown[]> {
    const request = new QueryRequest(text, parameters, arrays)
    this.wire.submit(request)
    return request.promise
  }

  /** Submits a script in the simple protocol. */
  script(text: string): Promise<CommandResult> {
    const request = new SimpleQueryRequest(text)
    this.wire.submit(request)
    return request.promise
  }

  /** Submits a script that a signal or a timeout may end. */
  limited(
    text: string,
    limit: AbortSignal | number | undefined = undefined,
  ): Limited<CommandResult> {
    return this.#submitLimited(new SimpleQueryRequest(text), limit)
  }

  /** As {@link query}, by a signal that the test may abort. */
  limitedQuery(text: string, ...parameters: unknown[]): Limited<unknown[]> {
    return this.#submitLimited(new QueryRequest(text, parameters, arrays), undefined)
  }

  /** Listeners left on the signal of {@link limited}. */
  listeners = 0

  #submitLimited<T>(
    request: PromiseRequest<T>,
    limit: AbortSignal | number | undefined,
  ): Limited<T> {
    const controller = new AbortController()
    const signal = typeof limit === 'number' ? undefined : (limit ?? controller.signal)
    if (signal !== undefined) this.#countListeners(signal)
    request.limitBy(new Limits(typeof limit === 'number' ? limit : 0, signal))
    this.wire.submit(request)
    return {
      promise: request.promise,
      error: outcome(request.promise),
      abort: () => controller.abort('gone'),
    }
  }

  #countListeners(signal: AbortSignal): void {
    const { addEventListener, removeEventListener } = AbortSignal.prototype
    Object.assign(signal, {
      addEventListener: (...args: Parameters<AbortSignal['addEventListener']>) => {
        this.listeners += 1
        addEventListener.apply(signal, args)
      },
      removeEventListener: (...args: Parameters<AbortSignal['removeEventListener']>) => {
        this.listeners -= 1
        removeEventListener.apply(signal, args)
      },
    })
  }

  /** Has `text` prepared, as a statement of the columns `a`, `b`, … of type int4. */
  async prepare(text: string, columns = 1, parameters = 0): Promise<void> {
    const rows = this.query(text, ...Array.from({ length: parameters }, () => 0))
    await settled()
    this.backend.send(...prepared(columns, parameters))
    await settled()
    this.backend.send(...executed())
    await rows
    await this.backend.expect('Parse', 'Describe', 'Sync', 'Bind', 'Execute', 'Sync')
    this.handler.idles = 0
  }
}

const arrays: ResultShape<unknown[]> = {
  maxRows: 0,
  decoder: (plan) => plan.arrayDecoder,
  result: (rows) => rows,
}

/** The answer to Parse, Describe and Sync: columns and parameters of type int4. */
export function prepared(columns = 1, parameters = 0): Buffer[] {
  const names = Array.from('abcdefgh').slice(0, columns)
  return [
    server.parseComplete,
    server.parameterDescription(...Array.from({ length: parameters }, () => OIDS.int4)),
    columns === 0
      ? server.noData
      : server.rowDescription(...names.map((name) => [name, OIDS.int4] as const)),
    server.readyForQuery(),
  ]
}

/** The answer to Bind, Execute and Sync: a row of one int4 for each of `values`. */
export function executed(...values: readonly number[]): Buffer[] {
  return [
    server.bindComplete,
    ...values.map((value) => server.dataRow(server.int32(value))),
    server.commandComplete(`SELECT ${values.length}`),
    server.readyForQuery(),
  ]
}

/** How a promise ended: its value, or the error it was rejected with. It never rejects itself. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error)
}

/** Fails every test of the file after which a rejection is left that nobody handles. */
export function forbidUnhandledRejections(): void {
  const unhandled: unknown[] = []
  const listener = (reason: unknown) => {
    unhandled.push(reason)
  }
  beforeAll(() => {
    process.on('unhandledRejection', listener)
  })
  afterEach(async () => {
    await settled()
    expect(unhandled.splice(0)).toEqual([])
  })
  afterAll(() => {
    process.off('unhandledRejection', listener)
  })
}
