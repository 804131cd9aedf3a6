/**
 * Makes the folder `dist-pg`, which is published as `sluice-pg` and installed as `pg`:
 *
 *     lib/, esm/     the entries, from packages/sluice-pg; CommonJS, as those who require pg/lib/* expect
 *     dist/          the code that `pg` needs: ES modules, one instance for both kinds of import
 *     types/         its declarations, once more as those of CommonJS files: TypeScript lets no such file
 *                    import the types of an ES module (TS1479)
 *
 * Run behind tools/build.mjs. It carries the driver with it and depends on nothing, so that an alias in
 * somebody's package.json brings all there is.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'build')
const target = join(root, 'dist-pg')
const IMPORT = /\bfrom\s*'(\.[^']+)'|\bimport\s*\(?\s*'(\.[^']+)'/g

/** Copies the declarations of a module, and of all that they name. */
function copyDeclarations(module, seen = new Set()) {
  const path = module.replace(/\.js$/, '.d.ts')
  if (seen.has(path)) return
  seen.add(path)
  const text = readFileSync(path, 'utf8')
  const copied = join(target, 'types', relative(modules, path))
  mkdirSync(dirname(copied), { recursive: true })
  writeFileSync(copied, text)
  for (const [, from, imported] of text.matchAll(IMPORT)) {
    copyDeclarations(resolve(dirname(path), from ?? imported), seen)
  }
}

rmSync(target, { recursive: true, force: true })
cpSync(join(root, 'packages/sluice-pg'), target, { recursive: true })
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'))
await bundle([join(modules, 'pg/index.js')], modules, join(target, 'dist'))
for (const name of ['names', 'module']) copyDeclarations(join(modules, `pg/${name}.js`))
writeFileSync(join(target, 'dist/package.json'), '{ "type": "module" }\n')
