import { configureGlobal } from 'fast-check'

/*
 * The random tests draw the same values in every run, so that a failure is due to a change and not to luck.
 * `SLUICE_SEED=n` gives them others, `npm run fuzz` and `npm run soak` look for what no run has seen.
 */
configureGlobal({ seed: Number(process.env['SLUICE_SEED'] ?? 1) })
