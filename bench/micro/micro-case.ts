/** Something small to be timed. */
export interface MicroCase {
  readonly name: string
  /** What one operation is. */
  readonly unit: string
  /** Operations that one call of `run` carries out. */
  readonly operations: number
  run(): void
}
