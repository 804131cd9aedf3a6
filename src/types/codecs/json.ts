import { DecodeError, EncodeError } from '../../base/errors.js'
import type { MessageWriter } from '../../protocol/message-writer.js'
import type { TraitedCodec } from '../codec-traits.js'
import { malformed } from '../value-errors.js'
import { jsonText } from './json-text.js'
import { writeText } from './text.js'
import { decodeUtf8 } from './utf8.js'

/** The only version of the binary form of jsonb (jsonb_send in jsonb.c). */
const JSONB_VERSION = 1

/** Functions that stand in for `JSON.parse` and `JSON.stringify`. */
export interface JsonFunctions {
  readonly parse: (text: string) => unknown
  readonly stringify: (value: unknown) => string
}

type JsonType = 'json' | 'jsonb'

function jsonCodec(
  name: JsonType,
  fromText: (text: string) => unknown,
  toText: (value: unknown) => string,
): TraitedCodec & { readonly layout: JsonType } {
  const encodeText = (value: unknown, out: MessageWriter): void =>
    writeText(name, toText(value), out)
  return {
    name,
    decodeText: (buf, start, end) => fromText(decodeUtf8(buf, start, end)),
    decodeBinary(buf, start, end) {
      if (name === 'json') return fromText(decodeUtf8(buf, start, end))
      checkVersion(buf, start, end)
      return fromText(decodeUtf8(buf, start + 1, end))
    },
    encodeText,
    encodeBinary(value, out) {
      if (name === 'jsonb') out.int8(JSONB_VERSION)
      encodeText(value, out)
    },
    // [[1, 2]] could be two dimensions or one JSON array: it is the latter.
    traits: { isElement: () => true },
    layout: name,
  }
}

/** Checks the first byte of a binary jsonb. @throws {DecodeError} if it is of a version that is not known. */
export function checkVersion(buf: Buffer, start: number, end: number): void {
  if (start === end || buf[start] !== JSONB_VERSION) throw malformed('jsonb', 'an unknown version')
}

function parse(name: JsonType, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The SyntaxError is not kept as the cause: its message quotes the document.
    throw malformed(name, 'not JSON')
  }
}

/** `json` or `jsonb` as what `JSON.parse` gives. Any JSON value is taken; a string is a JSON string. */
export function jsonAsValue(name: JsonType): TraitedCodec {
  return jsonCodec(
    name,
    (text) => parse(name, text),
    (value) => jsonText(name, value),
  )
}

/** `json` or `jsonb` as text: a string is JSON text in both directions. Other values are taken as by {@link jsonAsValue}. */
export function jsonAsString(name: JsonType): TraitedCodec {
  return jsonCodec(
    name,
    (text) => text,
    (value) => (typeof value === 'string' ? value : jsonText(name, value)),
  )
}

/** `json` or `jsonb` through the user's functions. What they throw becomes the `cause` of a DecodeError or EncodeError. */
export function jsonBy(name: JsonType, functions: JsonFunctions): TraitedCodec {
  const { layout: _, ...codec } = jsonCodec(
    name,
    (text) => {
      try {
        return functions.parse(text)
      } catch (cause) {
        throw new DecodeError('parse of the option json threw an error', { type: name, cause })
      }
    },
    (value) => {
      let text: unknown
      try {
        text = functions.stringify(value)
      } catch (cause) {
        throw new EncodeError('stringify of the option json threw an error', { type: name, cause })
      }
      if (typeof text === 'string') return text
      throw new EncodeError('stringify of the option json did not give a string', { type: name })
    },
  )
  // Its values are what the functions make of them, and nothing else.
  return codec
}
