import { MessageFramer } from '../../build/protocol/framer.js'
import type { MicroCase } from './micro-case.js'
import { sampleChunk } from './sample-rows.js'

const ROWS = 200
const MAX_BODY_BYTES = 2 ** 20

/** Cutting a stream into messages, in chunks that hold many and in chunks that cut each in two. */
export function framerCases(): MicroCase[] {
  const chunk = sampleChunk(ROWS)
  const size = chunk.length / ROWS
  const half = Math.floor(size / 2)
  return [
    framerCase('messages in one chunk', [chunk]),
    framerCase(
      'every message cut in two',
      Array.from({ length: ROWS * 2 }, (_, i) =>
        chunk.subarray(
          Math.floor(i / 2) * size + (i % 2) * half,
          Math.floor((i + 1) / 2) * size + (i % 2 === 0 ? half : 0),
        ),
      ),
    ),
  ]
}

function framerCase(name: string, chunks: readonly Buffer[]): MicroCase {
  const sink = { onMessage(): void {} }
  const framer = new MessageFramer(sink, MAX_BODY_BYTES)
  return {
    name,
    unit: 'message',
    operations: ROWS,
    run() {
      for (const chunk of chunks) framer.push(chunk)
    },
  }
}
