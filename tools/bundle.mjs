import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { build, transform } from 'esbuild'

/** A mistake in the package that the build reports in one line. */
export class BuildError extends Error {}

/**
 * Joins the modules that `entries` reach to few files in `target`: one for each entry and, in `chunks/`, what
 * several of them share or `import()` asks for, so that of every module there is one instance. Names stay as
 * they are written: they are in the stack traces of users.
 *
 * @param {readonly string[]} entries Paths of modules below `modules`, that of the package itself first.
 * @param {readonly string[]} alone Those of them that are used without the first, too.
 */
export async function bundle(entries, modules, target, alone = []) {
  const { outputFiles } = await build({
    entryPoints: entries,
    outbase: modules,
    outdir: target,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    packages: 'external',
    logLevel: 'warning',
    logOverride: { 'ignored-bare-import': 'silent' },
    plugins: [beside(entries[0], alone)],
  })
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, nameClasses(withoutBareImports(await withoutComments(text))))
  }
}

/**
 * Has entries and what `import()` asks for import `main`, beside which they are used: a chunk is what the same
 * of them reach, so what `main` reaches is one chunk and not ten. Each file costs as much as 40 KB of source.
 */
function beside(main, alone) {
  const joining = new Set()
  return {
    name: 'beside',
    setup(build) {
      build.onResolve({ filter: /^[./]/ }, ({ kind, path, resolveDir }) => {
        if (kind === 'entry-point' || kind === 'dynamic-import')
          joining.add(resolve(resolveDir, path))
      })
      build.onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!joining.has(path) || path === main || alone.includes(path)) return
        return { contents: `${readFileSync(path, 'utf8')}\nimport ${JSON.stringify(main)}` }
      })
    },
  }
}

/**
 * The declarations have the comments. In the code V8 would read past them at every start, and one character
 * in them that is not of Latin-1 would double what it keeps of the source. esbuild leaves them out only along
 * with the blanks, and then puts back those.
 */
async function withoutComments(text) {
  const { code } = await transform(text, { minifyWhitespace: true })
  return (await transform(code)).code
}

/** No module does anything by being loaded, so what nothing is taken from need not be. Bundlers would warn of it. */
function withoutBareImports(text) {
  return text.replaceAll(/^import "\..*";\n/gm, '')
}

/** Gives classes their names back: esbuild makes `var X = class _X` of those that mention themselves. */
function nameClasses(text) {
  for (const [, name, inner] of text.matchAll(/^var (\w+) = class(?: (_\w+))?/gm)) {
    const original = name.replace(/\d+$/, '')
    if (original !== name && new RegExp(`\\b${original}\\b`).test(text)) {
      throw new BuildError(
        `users would see class ${original} as ${name}: something else has its name`,
      )
    }
    if (inner !== undefined) text = text.replaceAll(new RegExp(`\\b${inner}\\b`, 'g'), name)
  }
  return text
}
