const LONGEST = 4096

/** Numbers that lie at the edges of what counts and lengths can be. */
const EDGES = [
  '00',
  'ff',
  '7f',
  '80',
  '0000',
  'ffff',
  '7fff',
  '00000000',
  '00000001',
  'ffffffff',
  '7fffffff',
  '80000000',
  '3ffffffe',
]

/** A generator of the same numbers for the same seed (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** A changed copy of an input; `other` is one to take pieces from. */
export function mutate(input, other, random) {
  let bytes = Buffer.from(input)
  for (let left = 1 + random(4); left > 0; left--)
    bytes = STEPS[random(STEPS.length)](bytes, other, random)
  return bytes.subarray(0, LONGEST)
}

const splice = (bytes, at, removed, added) =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])

const STEPS = [
  function flipBit(bytes, _, random) {
    if (bytes.length > 0) bytes[random(bytes.length)] ^= 1 << random(8)
    return bytes
  },
  function setByte(bytes, _, random) {
    if (bytes.length > 0) bytes[random(bytes.length)] = random(256)
    return bytes
  },
  function addToByte(bytes, _, random) {
    if (bytes.length > 0) bytes[random(bytes.length)] += random(33) - 16
    return bytes
  },
  function writeEdge(bytes, _, random) {
    const edge = Buffer.from(EDGES[random(EDGES.length)], 'hex')
    const at = random(bytes.length + 1)
    return splice(bytes, at, random(2) * edge.length, edge)
  },
  function remove(bytes, _, random) {
    const at = random(bytes.length + 1)
    return splice(bytes, at, random(Math.min(16, bytes.length - at) + 1), Buffer.alloc(0))
  },
  function repeat(bytes, _, random) {
    const at = random(bytes.length + 1)
    return splice(bytes, at, 0, bytes.subarray(at, at + 1 + random(16)))
  },
  function truncate(bytes, _, random) {
    return bytes.subarray(0, random(bytes.length + 1))
  },
  function cross(bytes, other, random) {
    const from = random(other.length + 1)
    return splice(
      bytes,
      random(bytes.length + 1),
      random(8),
      other.subarray(from, from + 1 + random(32)),
    )
  },
]
