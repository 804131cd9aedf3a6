import { createConnection, type Socket } from 'node:net'
import {
  connect as connectTls,
  type TLSSocket,
  type ConnectionOptions as TlsOptions,
} from 'node:tls'

/** How a raw client goes to a server. */
export type Address = { readonly port: number; readonly host: string } | { readonly path: string }

/** What a server says first to a StartupMessage. */
export type FirstAnswer = { readonly request: number } | { readonly sqlstate: string }

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/** The socket a server of `startPostgres` listens on in `folder`. */
export function socketPath(folder: string, port: number): string {
  return `${folder}/.s.PGSQL.${port}`
}

/** Sends SSLRequest: the one byte that comes back. */
export async function requestTls(socket: Socket): Promise<string> {
  socket.write(SSL_REQUEST)
  return (await readBytes(socket, 1)).toString()
}

/** Opens a connection and closes it after `use`, whatever that does. */
export async function withSocket<T>(
  address: Address,
  use: (socket: Socket) => Promise<T>,
): Promise<T> {
  const socket = createConnection(address)
  try {
    await once(socket, 'connect')
    return await use(socket)
  } finally {
    socket.destroy()
  }
}

/** Turns a connection into TLS, as after an `S`. */
export async function upgrade(socket: Socket, options: TlsOptions): Promise<TLSSocket> {
  const secure = connectTls({ socket, ...options })
  await once(secure, 'secureConnect')
  return secure
}

/** Sends a StartupMessage: the kind of Authentication message, or the SQLSTATE of the refusal. */
export async function startUp(socket: Socket, user: string): Promise<FirstAnswer> {
  socket.write(startupMessage(user))
  const { code, body } = await readMessage(socket)
  if (code === 'R') return { request: body.readInt32BE(0) }
  if (code === 'E') return { sqlstate: /\0C(\w{5})\0/.exec(`\0${body.toString()}`)?.[1] ?? '' }
  throw new Error(`the server began with a message ${code}`)
}

/** Logs in without a password and runs a query: the values of its rows, as text. */
export async function ask(address: Address, user: string, sql: string): Promise<string[]> {
  return withSocket(address, async (socket) => {
    await startUp(socket, user)
    await readUntilReady(socket)
    const text = Buffer.from(`${sql}\0`)
    const head = Buffer.from([0x51, 0, 0, 0, 0])
    head.writeInt32BE(text.length + 4, 1)
    socket.write(Buffer.concat([head, text]))
    return readUntilReady(socket)
  })
}

async function readUntilReady(socket: Socket): Promise<string[]> {
  const values: string[] = []
  for (;;) {
    const { code, body } = await readMessage(socket)
    if (code === 'Z') return values
    if (code === 'E') throw new Error(body.toString().replaceAll('\0', ' '))
    if (code === 'D') values.push(...fieldsOf(body))
  }
}

function fieldsOf(body: Buffer): string[] {
  const fields: string[] = []
  for (let at = 2; at < body.length; ) {
    const length = body.readInt32BE(at)
    fields.push(body.toString('utf8', at + 4, at + 4 + length))
    at += 4 + length
  }
  return fields
}

function startupMessage(user: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0postgres\0\0`, 'latin1')
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([length, body])
}

async function readMessage(socket: Socket): Promise<{ code: string; body: Buffer }> {
  const head = await readBytes(socket, 5)
  const length = head.readInt32BE(1) - 4
  const body = length === 0 ? Buffer.alloc(0) : await readBytes(socket, length)
  return { code: String.fromCharCode(head[0] ?? 0), body }
}

async function readBytes(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count)
    if (bytes !== null) return bytes
    await once(socket, 'readable')
    if (socket.readableEnded || socket.destroyed)
      throw new Error('the server closed the connection')
  }
}

/** Waits for an event, or for what keeps it from coming. */
function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => settle(() => reject(new Error('the server closed the connection')))
    const failed = (error: Error) => settle(() => reject(error))
    const happened = () => settle(resolve)
    const settle = (finish: () => void) => {
      socket.off(event, happened).off('close', closed).off('end', closed).off('error', failed)
      finish()
    }
    socket.once(event, happened).once('close', closed).once('end', closed).once('error', failed)
  })
}
