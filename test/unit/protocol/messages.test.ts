import { expect, test } from 'vitest'
import { Backend, backendMessageName, Frontend } from '../../../src/protocol/index.js'

const letters = (codes: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, String.fromCharCode(code)]))

test('frontend messages have the type bytes of the documentation', () => {
  expect(letters(Frontend)).toEqual({
    Bind: 'B',
    Close: 'C',
    CopyData: 'd',
    CopyDone: 'c',
    CopyFail: 'f',
    Describe: 'D',
    Execute: 'E',
    Flush: 'H',
    FunctionCall: 'F',
    Parse: 'P',
    Password: 'p',
    Query: 'Q',
    Sync: 'S',
    Terminate: 'X',
  })
})

test('backend messages have the type bytes of the documentation', () => {
  expect(letters(Backend)).toEqual({
    Authentication: 'R',
    BackendKeyData: 'K',
    BindComplete: '2',
    CloseComplete: '3',
    CommandComplete: 'C',
    CopyBothResponse: 'W',
    CopyData: 'd',
    CopyDone: 'c',
    CopyInResponse: 'G',
    CopyOutResponse: 'H',
    DataRow: 'D',
    EmptyQueryResponse: 'I',
    ErrorResponse: 'E',
    FunctionCallResponse: 'V',
    NegotiateProtocolVersion: 'v',
    NoData: 'n',
    NoticeResponse: 'N',
    NotificationResponse: 'A',
    ParameterDescription: 't',
    ParameterStatus: 'S',
    ParseComplete: '1',
    PortalSuspended: 's',
    ReadyForQuery: 'Z',
    RowDescription: 'T',
  })
})

test.each([
  [0x5a, 'ReadyForQuery'],
  [0x73, 'PortalSuspended'],
  [0x00, 'message of type 0x00'],
  [0xff, 'message of type 0xff'],
])('the type byte %i is called %s', (code, name) => {
  expect(backendMessageName(code)).toBe(name)
})
