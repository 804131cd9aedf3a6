import type { TraitedCodec } from '../codec-traits.js'
import { malformed } from '../value-errors.js'
import { stringCodec } from './server-text.js'
import { decodeUtf8 } from './utf8.js'

const COUNT_BYTES = 4

/** Kinds of items of a tsquery, and its operators (src/include/tsearch/ts_type.h). */
const VALUE = 1
const OPERATOR = 2
const NOT = 1
const AND = 2
const OR = 3
const PHRASE = 4

/** How tight the operators bind (tsearch_op_priority in tsquery.c); a lexeme binds tightest. */
const PRIORITIES: Readonly<Record<number, number>> = { [OR]: 1, [AND]: 2, [PHRASE]: 3, [NOT]: 4 }
const LEXEME_PRIORITY = 5

/** Letters of the weights from the heaviest on, whose bits are 3 to 0. */
const WEIGHTS = 'ABCD'

/** Reads a window from left to right and nothing beyond it. */
class Reader {
  readonly #type: string
  readonly #buf: Buffer
  readonly #end: number
  #at: number

  constructor(type: string, buf: Buffer, start: number, end: number) {
    this.#type = type
    this.#buf = buf
    this.#at = start
    this.#end = end
  }

  /** The int32 that says how many items follow, of at least `bytes` each. */
  count(bytes: number): number {
    const count = this.#buf.readInt32BE(this.#step(COUNT_BYTES))
    if (count < 0 || count * bytes > this.#end - this.#at) {
      throw malformed(this.#type, `${count} items`)
    }
    return count
  }

  uint8(): number {
    return this.#buf.readUInt8(this.#step(1))
  }

  uint16(): number {
    return this.#buf.readUInt16BE(this.#step(2))
  }

  /** Text up to a NUL, in quotes. */
  lexeme(): string {
    const length = this.#buf.subarray(this.#at, this.#end).indexOf(0)
    if (length < 0) throw malformed(this.#type, 'a lexeme without end')
    const start = this.#step(length + 1)
    return `'${decodeUtf8(this.#buf, start, start + length).replace(/['\\]/g, '$&$&')}'`
  }

  expectEnd(): void {
    if (this.#at !== this.#end) throw malformed(this.#type, 'bytes behind its items')
  }

  #step(count: number): number {
    const start = this.#at
    if (count > this.#end - start) throw malformed(this.#type, 'it ends too early')
    this.#at += count
    return start
  }
}

/** Binary: int32 number of lexemes; each with a NUL, uint16 number of positions, these as uint16. */
function decodeVector(buf: Buffer, start: number, end: number): string {
  const reader = new Reader('tsvector', buf, start, end)
  const lexemes: string[] = []
  for (let left = reader.count(3); left > 0; left--) {
    const lexeme = reader.lexeme()
    const positions: string[] = []
    for (let count = reader.uint16(); count > 0; count--) positions.push(position(reader.uint16()))
    lexemes.push(positions.length === 0 ? lexeme : `${lexeme}:${positions.join(',')}`)
  }
  reader.expectEnd()
  return lexemes.join(' ')
}

/** The place of a word in 14 bits, above them its weight, of which D is not shown. */
function position(bits: number): string {
  const weight = bits >> 14
  return `${bits & 0x3fff}${weight === 0 ? '' : WEIGHTS.charAt(3 - weight)}`
}

/** A part of a tsquery as text, and what says whether it needs parentheses. */
interface Term {
  readonly text: string
  readonly priority: number
}

/**
 * Binary: int32 number of items in Polish notation, of two operands the right one first. Read from its
 * end it needs no recursion.
 *
 * @see tsquerysend and infix in src/backend/utils/adt/tsquery.c
 */
function decodeQuery(buf: Buffer, start: number, end: number): string {
  const reader = new Reader('tsquery', buf, start, end)
  const items: (Term | { operator: number; distance: number })[] = []
  for (let left = reader.count(2); left > 0; left--) items.push(readItem(reader))
  reader.expectEnd()
  const terms: Term[] = []
  for (const item of items.reverse()) {
    terms.push('text' in item ? item : combined(item.operator, item.distance, terms))
  }
  const [term, ...others] = terms
  if (others.length > 0) throw malformed('tsquery', 'operands without an operator')
  return term?.text ?? ''
}

function readItem(reader: Reader): Term | { operator: number; distance: number } {
  const kind = reader.uint8()
  if (kind === VALUE) {
    const weights = reader.uint8()
    const isPrefix = reader.uint8() !== 0
    const lexeme = reader.lexeme()
    const letters = [...WEIGHTS].filter((_, i) => ((weights >> (3 - i)) & 1) === 1).join('')
    const suffix = `${isPrefix ? '*' : ''}${letters}`
    return { text: suffix === '' ? lexeme : `${lexeme}:${suffix}`, priority: LEXEME_PRIORITY }
  }
  const operator = reader.uint8()
  if (kind !== OPERATOR || PRIORITIES[operator] === undefined) {
    throw malformed('tsquery', 'an unknown item')
  }
  return { operator, distance: operator === PHRASE ? reader.uint16() : 0 }
}

function combined(operator: number, distance: number, terms: Term[]): Term {
  const priority = PRIORITIES[operator] ?? 0
  const inParentheses = (term: Term, isNeeded: boolean): string =>
    isNeeded ? `( ${term.text} )` : term.text
  const right = terms.pop()
  if (!right) throw malformed('tsquery', 'an operator without operand')
  if (operator === NOT) {
    return { text: `!${inParentheses(right, right.priority < priority)}`, priority }
  }
  const left = terms.pop()
  if (!left) throw malformed('tsquery', 'an operator without operand')
  // `a <-> (b <-> c)` is another query than `(a <-> b) <-> c`, which goes without parentheses.
  const isPhraseOfPhrase = operator === PHRASE && right.priority === priority
  const first = inParentheses(left, left.priority < priority)
  const second = inParentheses(right, right.priority < priority || isPhraseOfPhrase)
  return { text: `${first} ${operatorText(operator, distance)} ${second}`, priority }
}

function operatorText(operator: number, distance: number): string {
  if (operator === PHRASE) return distance === 1 ? '<->' : `<${distance}>`
  return operator === AND ? '&' : '|'
}

/** `tsvector`, as text. */
export const tsvector: TraitedCodec<string> = stringCodec('tsvector', { decode: decodeVector })
/** `tsquery`, as text. */
export const tsquery: TraitedCodec<string> = stringCodec('tsquery', { decode: decodeQuery })
