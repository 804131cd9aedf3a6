const GROUPS = 8
const IPV4_IN_IPV6_GROUPS = 6

/** Prints the four or sixteen bytes of an address as the server does. */
export function printAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : printIpv6(bytes)
}

/**
 * Groups of hexadecimal digits; the longest row of zeros is `::`, the first of several. Addresses that
 * embed one of IPv4 end in it.
 *
 * @see pg_inet_net_ntop in src/port/inet_net_ntop.c
 */
function printIpv6(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: GROUPS },
    (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0),
  )
  const { start, length } = longestZeros(groups)
  const embedsIpv4 = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff))
  const shown = embedsIpv4 ? IPV4_IN_IPV6_GROUPS : GROUPS
  const tail = embedsIpv4 ? [bytes.subarray(12).join('.')] : []
  const hex = (from: number, to: number): string[] =>
    groups.slice(from, to).map((group) => group.toString(16))
  if (length < 2) return [...hex(0, shown), ...tail].join(':')
  const left = hex(0, start).join(':')
  const right = [...hex(Math.min(start + length, shown), shown), ...tail].join(':')
  return `${left}::${right}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 }
  let length = 0
  groups.forEach((group, i) => {
    length = group === 0 ? length + 1 : 0
    if (length > best.length) best = { start: i - length + 1, length }
  })
  return best
}

/** The four or sixteen bytes of an address; undefined if it is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

function parseIpv4(text: string): Uint8Array | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  // An address of IPv4 can only be the end of all.
  const left = bytesOfGroups(halves[0] ?? '', halves.length === 1)
  const right = bytesOfGroups(halves[1] ?? '', true)
  if (!left || !right || halves.length > 2) return undefined
  const gap = 2 * GROUPS - left.length - right.length
  if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined
  return Uint8Array.from([...left, ...Array<number>(gap).fill(0), ...right])
}

function bytesOfGroups(text: string, mayEmbed: boolean): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    const isLast = i === groups.length - 1
    const embedded = mayEmbed && isLast ? parseIpv4(group) : undefined
    if (embedded) {
      bytes.push(...embedded)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    }
  }
  return bytes
}
