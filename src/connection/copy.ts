import { EncodeError } from '../base/errors.js'
import type { Request } from '../wire/request.js'
import { CopyCommand } from '../wire/requests/copy-command.js'
import { CopyInRequest } from '../wire/requests/copy-in.js'
import { CopyOutRequest } from '../wire/requests/copy-out.js'
import type { CommandResult } from '../wire/requests/simple-query.js'
import { BytesReceiver } from './copy-receiver.js'
import { type CopySink, openSink } from './copy-sink.js'
import { type CopyPiece, type CopySource, openSource } from './copy-source.js'
import { feed } from './feed.js'

/** Hands a request to a connection, which settles it in all cases. */
export type Submit = (request: Request) => void

/** Runs `COPY … TO STDOUT` and gives its data as they come. Nothing is sent before the first is asked for. */
export function copyPieces(submit: Submit, statement: string): AsyncGenerator<Buffer, void> {
  const request = new CopyOutRequest(CopyCommand.of(statement), new BytesReceiver())
  return chunksOf(request, () => submit(request))
}

/** Runs `COPY … TO STDOUT` into a sink. */
export async function copyToSink(
  submit: Submit,
  statement: string,
  sink: CopySink,
): Promise<CommandResult> {
  const writeAll = openSink(sink)
  const request = new CopyOutRequest(CopyCommand.of(statement), new BytesReceiver())
  submit(request)
  await writeAll(chunksOf(request), () => request.leave())
  return request.promise
}

/** Runs `COPY … FROM STDIN` with the data of a source. */
export async function copyFromSource(
  submit: Submit,
  statement: string,
  source: CopySource,
): Promise<CommandResult> {
  const pieces = openSource(source)
  const request = new CopyInRequest(CopyCommand.of(statement))
  submit(request)
  await feed(pieces, request, (piece: CopyPiece) => addPiece(request, piece))
  return request.promise
}

/** The chunks of a COPY out; whoever leaves early ends it. */
async function* chunksOf(
  request: CopyOutRequest<Buffer>,
  submit: () => void = () => {},
): AsyncGenerator<Buffer, void> {
  submit()
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
