export { ewkb } from './ewkb.js'
export type { GeoJsonGeometry, Position } from './geojson.js'
export { geojson } from './geojson-codec.js'
