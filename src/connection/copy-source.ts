import { createReadStream, openSync } from 'node:fs'
import { Readable } from 'node:stream'
import { InterfaceError } from '../base/errors.js'

/** A piece of COPY data: bytes, or text that goes as UTF-8. Pieces may be cut anywhere. */
export type CopyPiece = Uint8Array | string

/**
 * Where COPY data come from: bytes; the path of a file, as a string or file URL; an iterable or async
 * iterable of pieces, which every readable stream of Node and every `ReadableStream` is.
 */
export type CopySource =
  | Uint8Array
  | ArrayBuffer
  | string
  | URL
  | Iterable<CopyPiece>
  | AsyncIterable<CopyPiece>

/** So much of a file is read at a time, in bytes. */
const READ_BYTES = 256 * 1024

/**
 * Opens a source.
 * @throws {TypeError} when it is none; Node's error when the file cannot be opened.
 */
export function openSource(source: CopySource): Iterator<CopyPiece> | AsyncIterator<CopyPiece> {
  if (source instanceof Uint8Array) return slices(source)
  if (source instanceof ArrayBuffer) return slices(new Uint8Array(source))
  if (typeof source === 'string' || source instanceof URL) return openFile(source)
  if (typeof source !== 'object' || source === null) throw noSource()
  if (source instanceof Readable) return readStream(source)
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  if (Symbol.iterator in source) return source[Symbol.iterator]()
  throw noSource()
}

/** In pieces, so that the server is waited for between them. */
function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += READ_BYTES) yield bytes.subarray(at, at + READ_BYTES)
}

function noSource(): TypeError {
  return new TypeError('the source of a COPY must be bytes, a path, an iterable or a stream')
}

function openFile(path: string | URL): AsyncIterator<CopyPiece> {
  if (typeof path === 'string' && path.includes('\n')) {
    throw new InterfaceError(
      'the source is the path of a file; data that are in memory go as [text] or as a Buffer',
    )
  }
  // At once: a COPY keeps its place among the calls around it, and is not sent when this fails.
  return readStream(createReadStream('', { fd: openSync(path, 'r'), highWaterMark: READ_BYTES }))
}

/** Unlike the stream's own iterator it minds the stream before it is first asked for something. */
function readStream(stream: Readable): AsyncIterator<CopyPiece> {
  // The iterator tells the error; without a listener the stream would end the process meanwhile.
  const ignore = () => {}
  stream.on('error', ignore)
  stream.once('close', () => stream.off('error', ignore))
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<CopyPiece>
  return {
    next: () => pieces.next(),
    async return() {
      stream.destroy()
      return { value: undefined, done: true }
    },
  }
}
