import type { Codec } from '../codec.js'
import { isString, type TraitedCodec } from '../codec-traits.js'
import { OIDS } from '../oid.js'
import { cannotEncode, malformed } from '../value-errors.js'
import { arrayCodec } from './array.js'
import { isArrayValue } from './array-shape.js'
import { int2, oid } from './integer.js'
import { encodeServerText } from './server-text.js'

/**
 * The array of one dimension that stands for `int2vector` or `oidvector` in system catalogues. It counts
 * from 0, has no NULL, and in text is numbers with blanks between.
 *
 * @see int2vectorrecv in src/backend/utils/adt/int.c
 */
function numberVectorCodec(
  name: 'int2vector' | 'oidvector',
  elementOid: number,
  element: Codec<number>,
): TraitedCodec<number[]> {
  const { decodeBinary } = arrayCodec(elementOid, element)
  const elementsOf = (value: unknown): ArrayLike<unknown> => {
    if (isArrayValue(value)) return value
    throw cannotEncode(name, value, 'arrays and typed arrays of numbers')
  }
  return {
    name,
    decodeText(buf, start, end) {
      const text = buf.toString('latin1', start, end)
      if (text === '') return []
      return text.split(' ').map((number) => {
        const bytes = Buffer.from(number, 'latin1')
        return element.decodeText(bytes, 0, bytes.length)
      })
    },
    decodeBinary(buf, start, end) {
      const numbers = decodeBinary?.(buf, start, end) ?? []
      if (numbers.every((number) => typeof number === 'number')) return numbers
      throw malformed(name, 'not numbers in one dimension')
    },
    encodeText(value, out) {
      if (typeof value === 'string') {
        encodeServerText(name, value, out)
        return
      }
      const numbers = elementsOf(value)
      for (let i = 0; i < numbers.length; i++) {
        if (i > 0) out.utf8(' ')
        element.encodeText(numbers[i], out)
      }
    },
    encodeBinary(value, out) {
      const numbers = elementsOf(value)
      out.int32(1)
      out.int32(0)
      out.int32(elementOid)
      out.int32(numbers.length)
      out.int32(0)
      for (let i = 0; i < numbers.length; i++) {
        const position = out.beginValue()
        element.encodeBinary?.(numbers[i], out)
        out.endValue(position)
      }
    },
    traits: {
      // The server takes no empty vector in binary.
      goesAsText: (value) => isString(value) || (isArrayValue(value) && value.length === 0),
      isElement: (value) => !(Array.isArray(value) && typeof value[0] === 'object'),
    },
  }
}

/** `int2vector`. */
export const int2vector: TraitedCodec<number[]> = numberVectorCodec('int2vector', OIDS.int2, int2)
/** `oidvector`. */
export const oidvector: TraitedCodec<number[]> = numberVectorCodec('oidvector', OIDS.oid, oid)
