/**
 * What can run for hours: resolves with a summary when `signal` is aborted, rejects when something does
 * not hold. What it can draw it writes to the file `out`.
 */
export type Soak = (signal: AbortSignal, out: string | undefined) => Promise<string>
