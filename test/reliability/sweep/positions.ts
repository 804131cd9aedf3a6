import type { Direction } from '../../support/fault-proxy.js'

/** Where a conversation is cut: on which connection of the program, in which direction, behind which byte. */
export interface CutPosition {
  readonly connection: number
  readonly way: Direction
  readonly at: number
}

/** How many bytes each connection of an undisturbed program had, in both directions. */
export type Conversation = readonly Readonly<Record<Direction, number>>[]

/** Every `step`th place, first to last. The last byte of a direction is one of them: a cut behind the end. */
export function positionsOf(conversation: Conversation, step: number): CutPosition[] {
  return conversation.flatMap((bytes, connection) =>
    (['toServer', 'toClient'] as const).flatMap((way) =>
      Array.from({ length: Math.floor(bytes[way] / step) + 1 }, (_, i) => ({
        connection,
        way,
        at: i * step,
      })),
    ),
  )
}

/**
 * The same list in an order of which every beginning is spread over all of it, by turning the bits of the
 * indices round (van der Corput): whoever stops early has looked everywhere.
 */
export function spread<T>(list: readonly T[]): T[] {
  const bits = Math.ceil(Math.log2(Math.max(2, list.length)))
  return Array.from({ length: 2 ** bits }, (_, i) => reversed(i, bits))
    .filter((index) => index < list.length)
    .map((index) => list[index] as T)
}

function reversed(value: number, bits: number): number {
  let result = 0
  for (let bit = 0; bit < bits; bit++) result = result * 2 + ((value >> bit) & 1)
  return result
}
