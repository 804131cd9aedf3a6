/**
 * Makes the folder `dist-pg`, which is published as `sluice-pg` and installed as `pg`:
 *
 *     lib/, esm/     the entries, from packages/sluice-pg; CommonJS, as those who require pg/lib/* expect
 *     dist/          the code of dist/ that `pg` needs: ES modules, one instance for both kinds of import
 *     types/         its declarations, once more as those of CommonJS files: TypeScript lets no such file
 *                    import the types of an ES module (TS1479)
 *
 * Run behind tools/build.mjs. It carries the driver with it and depends on nothing, so that an alias in
 * somebody's package.json brings all there is.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'dist-pg')
const IMPORT = /\bfrom\s*'(\.[^']+)'|\bimport\s*\(?\s*'(\.[^']+)'/g

/** Copies a file of dist/ and all that it imports. */
function copyWithImports(entry, folder, fileOf) {
  const seen = new Set()
  const copy = (path) => {
    if (seen.has(path)) return
    seen.add(path)
    const text = readFileSync(path, 'utf8')
    const copied = join(target, folder, relative(join(root, 'dist'), path))
    mkdirSync(dirname(copied), { recursive: true })
    writeFileSync(copied, text)
    for (const [, from, imported] of text.matchAll(IMPORT)) {
      copy(fileOf(resolve(dirname(path), from ?? imported)))
    }
  }
  copy(fileOf(join(root, 'dist', entry)))
}

rmSync(target, { recursive: true, force: true })
cpSync(join(root, 'packages/sluice-pg'), target, { recursive: true })
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
copyWithImports('pg/index.js', 'dist', (path) => path)
copyWithImports('pg/names.js', 'types', (path) => path.replace(/\.js$/, '.d.ts'))
copyWithImports('pg/module.js', 'types', (path) => path.replace(/\.js$/, '.d.ts'))
writeFileSync(join(target, 'dist/package.json'), '{ "type": "module" }\n')
