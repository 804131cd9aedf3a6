import { MessageWriter } from '../protocol/message-writer.js'
import { isString, type TraitedCodec } from '../types/codec-traits.js'
import { writeText } from '../types/codecs/text.js'
import { bytesOfHex } from './ewkb.js'
import { readEwkb } from './ewkb-reader.js'
import { writeEwkb } from './ewkb-writer.js'
import type { GeoJsonGeometry } from './geojson.js'

/**
 * The codec of PostGIS's `geometry` and `geography` as objects of GeoJSON, with `srid` where there is
 * a spatial reference; in, those and PostGIS's text. Curves and surfaces, which GeoJSON does not have,
 * are a DecodeError.
 *
 * @example
 * connect(dsn, { types: { geometry: geojson, geography: geojson } })
 */
export const geojson: TraitedCodec<GeoJsonGeometry> = {
  name: 'geometry',
  decodeText(buf, start, end) {
    const bytes = bytesOfHex(buf, start, end)
    return readEwkb(bytes, 0, bytes.length)
  },
  decodeBinary: readEwkb,
  encodeText(value, out) {
    if (typeof value === 'string') {
      writeText('geometry', value, out)
      return
    }
    const bytes = new MessageWriter()
    writeEwkb(value, bytes)
    out.utf8(bytes.take().toString('hex'))
  },
  encodeBinary: writeEwkb,
  traits: { goesAsText: isString },
}
