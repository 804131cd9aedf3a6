/**
 * How many bytes lie between the places where a test cuts a conversation: `usual`, or what the variable
 * SLUICE_CUT_STEP says; 1 cuts behind every single byte, which takes minutes.
 */
export function cutStep(usual: number): number {
  return Number(process.env['SLUICE_CUT_STEP'] ?? usual)
}

/** How long a test of cuts may take, in ms. */
export const CUTS_TIMEOUT_MS = 900_000
