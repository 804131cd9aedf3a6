import { addAbortListener, removeAbortListener } from '../base/abort-listeners.js'
import { EncodeError } from '../base/errors.js'
import { CopyCommand } from '../wire/requests/copy-command.js'
import { CopyInRequest } from '../wire/requests/copy-in.js'
import { CopyOutRequest } from '../wire/requests/copy-out.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import { BytesReceiver } from './copy-receiver.js'
import { type CopySink, openSink } from './copy-sink.js'
import { type CopyPiece, type CopySource, openSource } from './copy-source.js'
import { feed } from './feed.js'
import type { LimitOptions } from './query-options.js'
import type { Run, Runner } from './run.js'
import { outcomeOfCommand, unlessLeft } from './traced-query.js'

/** Runs `COPY … TO STDOUT` and gives its data as they come. Nothing is sent before the first is asked for. */
export function copyPieces(
  { run, tell }: Runner,
  statement: string,
  options: LimitOptions,
): AsyncGenerator<Buffer, void> {
  const request = new CopyOutRequest(CopyCommand.of(statement), new BytesReceiver())
  const runAll = () => unlessLeft(run(request, options))
  const newTrace = () => ({ text: statement, parameterCount: 0 })
  return chunksOf(request, () => tell('copy', newTrace, runAll, outcomeOfCommand).catch(() => {}))
}

/** Runs `COPY … TO STDOUT` into a sink. */
export function copyToSink(
  { run, tell }: Runner,
  statement: string,
  sink: CopySink,
  options: LimitOptions,
): Promise<CommandResult> {
  const newTrace = () => ({ text: statement, parameterCount: 0 })
  const runAll = () => intoSink(run, statement, sink, options)
  return tell('copy', newTrace, runAll, outcomeOfCommand)
}

/** Runs `COPY … FROM STDIN` with the data of a source. */
export function copyFromSource(
  { run, tell }: Runner,
  statement: string,
  source: CopySource,
  options: LimitOptions,
): Promise<CommandResult> {
  const newTrace = () => ({ text: statement, parameterCount: 0 })
  const runAll = () => fromSource(run, statement, source, options)
  return tell('copy', newTrace, runAll, outcomeOfCommand)
}

async function intoSink(
  run: Run,
  statement: string,
  sink: CopySink,
  options: LimitOptions,
): Promise<CommandResult> {
  const writeAll = openSink(sink)
  const request = new CopyOutRequest(CopyCommand.of(statement), new BytesReceiver())
  const result = run(request, options)
  const stop = new AbortController()
  // It is awaited behind the data, which may end earlier by another failure.
  result.catch((error: unknown) => {
    if (request.isGivenUp) stop.abort(error)
  })
  const writing = writeAll(chunksOf(request), () => request.leave(), stop.signal)
  await settledOrStopped(writing, stop.signal)
  return result
}

/** Settles as `writing` does, or once `stop` is aborted: a sink may never take what it was given. */
function settledOrStopped(writing: Promise<void>, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onStop = () => resolve()
    addAbortListener(stop, onStop)
    writing.then(resolve, reject).finally(() => removeAbortListener(stop, onStop))
  })
}

async function fromSource(
  run: Run,
  statement: string,
  source: CopySource,
  options: LimitOptions,
): Promise<CommandResult> {
  const pieces = openSource(source)
  const request = new CopyInRequest(CopyCommand.of(statement))
  const result = run(request, options)
  await feed(pieces, request, (piece: CopyPiece) => addPiece(request, piece))
  return result
}

/** The chunks of a COPY out; whoever leaves early ends it. */
async function* chunksOf(
  request: CopyOutRequest<Buffer>,
  start: () => unknown = () => {},
): AsyncGenerator<Buffer, void> {
  start()
  try {
    for (;;) {
      const chunk = await request.chunks.next()
      if (chunk === undefined) break
      yield chunk
    }
    if (!request.hasLeft) await request.promise
  } finally {
    request.leave()
  }
}

function addPiece(request: CopyInRequest, piece: CopyPiece): void {
  if (typeof piece !== 'string') {
    if (!(piece instanceof Uint8Array))
      throw new TypeError('a piece of COPY data must be bytes or a string')
    request.add(piece)
    return
  }
  const last = piece.charCodeAt(piece.length - 1)
  if (last >= 0xd800 && last <= 0xdbff) {
    throw new EncodeError('a piece of COPY data ends within a character')
  }
  request.add(Buffer.from(piece))
}
