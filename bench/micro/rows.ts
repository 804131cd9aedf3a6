import { MessageFramer } from '../../build/protocol/framer.js'
import {
  compileArrayDecoder,
  compileObjectDecoder,
  interpretObjects,
  type RowDecoder,
} from '../../build/types/row-decoder.js'
import type { MicroCase } from './micro-case.js'
import { sampleChunk, sampleColumns } from './sample-rows.js'

const ROWS = 200

/** Rows of ten columns of as many types, from the bytes of a socket to JavaScript values. */
export function rowCases(): MicroCase[] {
  const columns = sampleColumns()
  const narrow = columns.slice(0, 1)
  const one = Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 7])
  return [
    rowCase('objects', compileObjectDecoder(columns)),
    rowCase('objects, interpreted', interpretObjects(columns)),
    rowCase('arrays', compileArrayDecoder(columns)),
    oneColumn('one integer, objects', compileObjectDecoder(narrow), one),
    oneColumn('one integer, objects, interpreted', interpretObjects(narrow), one),
  ]
}

function rowCase(name: string, decode: RowDecoder<unknown>): MicroCase {
  const chunk = sampleChunk(ROWS)
  let rows: unknown[] = []
  const sink = {
    onMessage(_code: number, buf: Buffer, start: number, end: number): void {
      rows.push(decode(buf, start, end))
    },
  }
  const framer = new MessageFramer(sink, chunk.length)
  return {
    name,
    unit: 'row',
    operations: ROWS,
    run() {
      rows = []
      framer.push(chunk)
    },
  }
}

function oneColumn(name: string, decode: RowDecoder<unknown>, body: Buffer): MicroCase {
  return {
    name,
    unit: 'row',
    operations: ROWS,
    run() {
      const rows: unknown[] = []
      for (let i = 0; i < ROWS; i++) rows.push(decode(body, 0, body.length))
    },
  }
}
