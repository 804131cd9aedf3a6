/** Fails a run in which any other pg than ours was loaded. */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
process.on('exit', () => {
  const foreign = Object.keys(require.cache).filter((path) =>
    /[\\/]node_modules[\\/](?:pg-pool|pg-protocol|pg-types|pg[\\/]lib[\\/]crypto)[\\/]/.test(path),
  )
  if (foreign.length > 0) {
    console.error('another pg was loaded:', foreign)
    process.exitCode = 1
  }
})
