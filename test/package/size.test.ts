import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { repository } from './scratch-project.js'

/**
 * What an application that uses `connect` and `createPool` ships, in KiB: 116 when this was written, and to
 * become less. The room is for a feature, not for a dependency or a table.
 */
const MOST_KIB = 121

test(`connect and createPool take at most ${MOST_KIB} KiB, bundled, minified and gzipped`, async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { connect, createPool } from './dist/index.js'`,
      resolveDir: repository,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
  })
  const bytes = outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0)
  expect(bytes / 1024).toBeLessThan(MOST_KIB)
  // Less than this would be a bundle that leaves out the driver.
  expect(bytes / 1024).toBeGreaterThan(20)
})
