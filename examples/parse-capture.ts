/** Reads what a server sent, as a sniffer or a proxy has kept it, and prints what it says. No server is needed. */
import { readFileSync } from 'node:fs'
import {
  Backend,
  backendMessageName,
  MessageFramer,
  ProtocolError,
  parseCommandTag,
  readCommandComplete,
  readDataRow,
  readRowDescription,
  readServerMessage,
} from 'sluice/protocol'

const capture = readFileSync(new URL('./support/capture.bin', import.meta.url))

const framer = new MessageFramer(
  {
    onMessage(code, buf, start, end) {
      switch (code) {
        case Backend.RowDescription:
          console.log(
            'columns:',
            readRowDescription(buf, start, end).map(({ name }) => name),
          )
          break
        case Backend.DataRow:
          console.log('row:', readDataRow(buf, start, end).map(String))
          break
        case Backend.CommandComplete:
          console.log('done:', parseCommandTag(readCommandComplete(buf, start, end)))
          break
        case Backend.ErrorResponse: {
          const { code: sqlstate, message } = readServerMessage(buf, start, end)
          console.log(`error ${sqlstate}: ${message}`)
          break
        }
        default:
          console.log(backendMessageName(code))
      }
    },
  },
  1024 * 1024,
)

// The network cuts anywhere; the framer puts it together again.
for (let at = 0; at < capture.length; at += 7) framer.push(capture.subarray(at, at + 7))

try {
  framer.push(Buffer.from('HTTP/1.1 400 Bad Request'))
} catch (error) {
  if (error instanceof ProtocolError) console.log(`refused: ${error.message}`)
}
