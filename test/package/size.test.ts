import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { repository } from './scratch-project.js'

/**
 * What an application ships that uses `connect` and `createPool`, in KiB, and what of it is loaded at the
 * start, before anything is connected to. The room is for a feature, not for a dependency or a table.
 */
const MOST_KIB = { inAll: 122, atStart: 103 }

/** Bundles the application, minified; gives its files and what each is. */
function bundle(splitting: boolean) {
  return build({
    stdin: {
      contents: `export { connect, createPool } from './dist/index.js'`,
      resolveDir: repository,
    },
    bundle: true,
    splitting,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outdir: 'out',
    write: false,
    metafile: true,
  })
}

/** Of all files together; small ones would compress badly alone. */
function gzippedKib(files: readonly { readonly contents: Uint8Array }[]): number {
  return gzipSync(Buffer.concat(files.map(({ contents }) => contents))).length / 1024
}

test(`connect and createPool take at most ${MOST_KIB.inAll} KiB, bundled, minified and gzipped`, async () => {
  const kib = gzippedKib((await bundle(false)).outputFiles)
  expect(kib).toBeLessThan(MOST_KIB.inAll)
  // Less than this would be a bundle that leaves out the driver.
  expect(kib).toBeGreaterThan(20)
})

test(`of these at most ${MOST_KIB.atStart} KiB are loaded before the first connection`, async () => {
  const { outputFiles, metafile } = await bundle(true)
  const start = Object.keys(metafile.outputs).filter((path) => path.endsWith('/stdin.js'))
  // What is added to a list while it is gone through comes later in it.
  for (const path of start) {
    for (const { kind, path: imported, external } of metafile.outputs[path]?.imports ?? []) {
      const isNew = external !== true && !start.includes(imported)
      if (isNew && kind === 'import-statement') start.push(imported)
    }
  }
  expect(start.length).toBeGreaterThan(0)
  const files = outputFiles.filter((file) => start.some((path) => file.path.endsWith(path)))
  expect(gzippedKib(files)).toBeLessThan(MOST_KIB.atStart)
})
