import type { MessageWriter } from '../protocol/message-writer.js'
import { type TraitedCodec, traitsOf } from './codec-traits.js'

/**
 * Codecs by OID, each made when it is first asked for, of types that may contain themselves.
 *
 * While the codec of a type is being made, whoever asks for it, being a part of it, gets a stand-in
 * that passes on to the codec once there is one. A codec is binary as far as its parts are, so the
 * stand-in has to claim what the codec will be able to; when it claimed too much, all that was made
 * with it is made again with less.
 */
export class RecursiveCodecs {
  readonly #make: (typeOid: number) => TraitedCodec
  readonly #codecs = new Map<number, TraitedCodec>()
  readonly #standIns = new Map<number, StandIn>()

  /** @param make makes a codec, asking {@link get} for those of its parts. */
  constructor(make: (typeOid: number) => TraitedCodec) {
    this.#make = make
  }

  get(typeOid: number): TraitedCodec {
    const known = this.#codecs.get(typeOid)
    if (known !== undefined) return known
    const standIn = this.#standIns.get(typeOid)
    if (standIn !== undefined) return standIn.take()
    let claims: Claims = { decodesBinary: true, encodesBinary: true }
    for (;;) {
      const codecsBefore = new Set(this.#codecs.keys())
      const open = new StandIn(claims)
      this.#standIns.set(typeOid, open)
      let codec: TraitedCodec
      try {
        codec = this.#make(typeOid)
      } finally {
        this.#standIns.delete(typeOid)
      }
      if (open.serves(codec)) {
        this.#codecs.set(typeOid, codec)
        return codec
      }
      for (const oid of this.#codecs.keys()) if (!codecsBefore.has(oid)) this.#codecs.delete(oid)
      claims = {
        decodesBinary: claims.decodesBinary && codec.decodeBinary !== undefined,
        encodesBinary: claims.encodesBinary && codec.encodeBinary !== undefined,
      }
    }
  }
}

interface Claims {
  readonly decodesBinary: boolean
  readonly encodesBinary: boolean
}

class StandIn {
  readonly #claims: Claims
  #taken: TraitedCodec | undefined
  #codec: TraitedCodec | undefined

  constructor(claims: Claims) {
    this.#claims = claims
  }

  take(): TraitedCodec {
    const { decodesBinary, encodesBinary } = this.#claims
    this.#taken ??= {
      name: 'record',
      decodeText: (buf, start, end) => this.#target.decodeText(buf, start, end),
      ...(decodesBinary && {
        decodeBinary: (buf: Buffer, start: number, end: number): unknown =>
          this.#target.decodeBinary?.(buf, start, end),
      }),
      encodeText: (value, out) => this.#target.encodeText(value, out),
      ...(encodesBinary && {
        encodeBinary: (value: unknown, out: MessageWriter): void =>
          this.#target.encodeBinary?.(value, out),
      }),
      traits: {
        goesAsText: (value) => traitsOf(this.#target).goesAsText?.(value) ?? false,
        isElement: (value) => traitsOf(this.#target).isElement?.(value) ?? false,
      },
    }
    return this.#taken
  }

  /** Makes `codec` the one to pass on to, unless it was promised to be more than it is. */
  serves(codec: TraitedCodec): boolean {
    const { decodesBinary, encodesBinary } = this.#claims
    if (this.#taken !== undefined) {
      if (decodesBinary && codec.decodeBinary === undefined) return false
      if (encodesBinary && codec.encodeBinary === undefined) return false
    }
    this.#codec = codec
    return true
  }

  get #target(): TraitedCodec {
    if (this.#codec === undefined) throw new TypeError('a codec was used while it was made')
    return this.#codec
  }
}
