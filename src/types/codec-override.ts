import { DecodeError, EncodeError } from '../base/errors.js'
import type { Codec } from './codec.js'
import { type CodecTraits, type TraitedCodec, traitsOf } from './codec-traits.js'
import type { CodecOverride } from './type-options.js'

/**
 * Puts the functions of an override in the place of a codec's own.
 *
 * Decoders are replaced together, and so are encoders, or one format would give other values than the
 * other: a text decoder alone makes results come as text, a binary one alone refuses text.
 *
 * @param name of the type
 */
export function overrideCodec(
  name: string,
  codec: TraitedCodec,
  override: CodecOverride,
): TraitedCodec {
  return {
    name,
    ...decodersOf(name, codec, override),
    ...encodersOf(name, codec, override),
    traits: overriddenTraits(codec, override),
  }
}

/** Those that the override states, such as a codec of PostGIS does, else those of the codec. */
function overriddenTraits(codec: TraitedCodec, override: CodecOverride): CodecTraits {
  const { traits = traitsOf(codec) } = override as Partial<TraitedCodec>
  const { goesAsText, printer, ...others } = traits
  // What has only a binary encoder has to take the strings, too, that the server would read.
  const isOnlyBinary = override.encodeBinary !== undefined && override.encodeText === undefined
  const decodes = override.decodeText !== undefined || override.decodeBinary !== undefined
  return {
    ...others,
    ...(goesAsText && !isOnlyBinary && { goesAsText }),
    ...(printer && !decodes && { printer }),
  }
}

type Decoders = Pick<Codec, 'decodeText' | 'decodeBinary'>
type Encoders = Pick<Codec, 'encodeText' | 'encodeBinary'>

function decodersOf(type: string, codec: Codec, override: CodecOverride): Decoders {
  const given = override.decodeText || override.decodeBinary ? override : codec
  const { decodeText, decodeBinary } = given
  return {
    decodeText: decodeText ?? noTextDecoder(type),
    ...(decodeBinary && { decodeBinary }),
  }
}

function encodersOf(type: string, codec: Codec, override: CodecOverride): Encoders {
  const given = override.encodeText || override.encodeBinary ? override : codec
  const { encodeText, encodeBinary } = given
  return {
    encodeText: encodeText ?? noTextEncoder(type),
    ...(encodeBinary && { encodeBinary }),
  }
}

function noTextDecoder(type: string): Codec['decodeText'] {
  return () => {
    throw new DecodeError(`the codec given for ${type} has no decodeText`, { type })
  }
}

function noTextEncoder(type: string): Codec['encodeText'] {
  return () => {
    throw new EncodeError(`the codec given for ${type} has no encodeText`, { type })
  }
}
