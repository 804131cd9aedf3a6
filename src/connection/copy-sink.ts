import { createWriteStream, openSync } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { WritableStream } from 'node:stream/web'
import { addAbortListener, removeAbortListener } from '../base/abort-listeners.js'
import { InterfaceError } from '../base/errors.js'

/**
 * Where COPY data go: a stream of Node or of the web, which is ended with the data; the path of a file,
 * as a string or file URL, which is made or overwritten; or a function that gets each piece and is
 * waited for.
 */
export type CopySink =
  | NodeJS.WritableStream
  | WritableStream<Uint8Array>
  | string
  | URL
  | ((piece: Buffer) => unknown)

/**
 * Writes all of an iterable to a sink, waiting whenever the sink does; `leave` stops the iterable where it
 * is. When `stop` is aborted a stream is destroyed with its reason, also where it takes nothing.
 */
export type WriteAll = (
  pieces: AsyncIterable<Buffer>,
  leave: () => void,
  stop: AbortSignal,
) => Promise<void>

/**
 * Opens a sink. When the pieces or the sink fail the other is closed, and the promise of what it gives
 * rejects with the failure.
 *
 * @throws {TypeError} when `sink` is none; InterfaceError when it is a stream that has ended; Node's error
 * when the file cannot be opened.
 */
export function openSink(sink: CopySink): WriteAll {
  if (typeof sink === 'function') return (pieces) => call(sink, pieces)
  if (typeof sink === 'string' || sink instanceof URL) {
    // At once: a COPY keeps its place among the calls around it, and is not sent when this fails.
    const file = createWriteStream('', { fd: openSync(sink, 'w') })
    return (pieces, leave, stop) => pump(pieces, file, leave, stop)
  }
  if (typeof sink !== 'object' || sink === null) throw noSink()
  if (isNodeStream(sink)) {
    // Node's pipeline would wait for it for ever.
    if ((sink as Writable).writableEnded) throw new InterfaceError('the sink of a COPY has ended')
    return (pieces, leave, stop) => pump(pieces, sink, leave, stop)
  }
  if (isWebStream(sink)) {
    return (pieces, leave, stop) => pump(pieces, Writable.fromWeb(sink), leave, stop)
  }
  throw noSink()
}

async function pump(
  pieces: AsyncIterable<Buffer>,
  stream: NodeJS.WritableStream,
  leave: () => void,
  stop: AbortSignal,
): Promise<void> {
  const onStop = () => {
    if ('destroy' in stream) (stream as Writable).destroy(stop.reason)
  }
  addAbortListener(stop, onStop)
  // Else a sink that breaks would be noticed at the next piece only, which may take its time.
  stream.on('close', leave)
  try {
    await pipeline(pieces, stream)
  } finally {
    stream.off('close', leave)
    removeAbortListener(stop, onStop)
  }
}

async function call(
  sink: (piece: Buffer) => unknown,
  pieces: AsyncIterable<Buffer>,
): Promise<void> {
  for await (const piece of pieces) await sink(piece)
}

function isNodeStream(sink: object): sink is NodeJS.WritableStream {
  return 'write' in sink && typeof sink.write === 'function' && 'end' in sink
}

function isWebStream(sink: object): sink is WritableStream<Uint8Array> {
  return 'getWriter' in sink && typeof sink.getWriter === 'function'
}

function noSink(): TypeError {
  return new TypeError('the sink of a COPY must be a writable stream, a path or a function')
}
