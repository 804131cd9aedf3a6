/**
 * Builds the package: `node tools/build.mjs [package root]`.
 *
 * tsc makes an ES module of every source, in `build/`, and declarations; esbuild joins the modules to few
 * files in `dist/`, since opening a file takes longer than reading it. CommonJS gets no code of its own, so
 * that there is one instance of everything: for each entry of `exports` this adds
 *
 *     x.cjs     module.exports = require('./x.js')    Node >= 20.19 can require an ES module
 *     x.d.cts   the same exports, declared in terms of the types of x.js
 *
 * x.d.cts exists because TypeScript lets no CommonJS file import the types of an ES module under
 * `module: node16` (TS1479). It copies no declaration: a class named by `import` and the same class
 * named by `require` are one type, also where they have private members.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { BuildError, bundle } from './bundle.mjs'

/** Names that a type parameter may mention without being exported by the entry. */
const KNOWN_NAMES = new Set(
  (
    'any bigint boolean false infer is keyof never null number object readonly string symbol true undefined ' +
    'unknown void Array Buffer Date Error Map Partial Promise Readonly ReadonlyArray ReadonlyMap ReadonlySet ' +
    'Record Set Uint8Array'
  ).split(' '),
)

/** Entries that are used without the others. */
const ALONE = ['protocol/index.js', 'pg/index.js']

/** Declarations without their comments; strings stay as they are. */
function readDeclarations(path) {
  if (!existsSync(path)) throw new BuildError(`${path} is missing`)
  const stringOrComment =
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*/g
  return readFileSync(path, 'utf8').replace(stringOrComment, (_, string) => string ?? '')
}

const EXPORT_LIST = /\bexport\s+(type\s+)?\{([^}]*)\}(?:\s*from\s*(['"])(.+?)\3)?\s*;?/g

/**
 * The names in the `export { … }` lists of a declaration file.
 *
 * @returns {Map<string, { local: string, isType: boolean, from: string | undefined }>}
 */
function readExportLists(text) {
  const found = new Map()
  for (const [, typeOnly, list, , from] of text.matchAll(EXPORT_LIST)) {
    for (const item of list.split(',')) {
      const match = /^\s*(type\s+)?(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(item)
      if (!match) continue
      const isType = typeOnly !== undefined || match[1] !== undefined
      found.set(match[3] ?? match[2], { local: match[2], isType, from })
    }
  }
  return found
}

/** The text between `text[at]`, a `<`, and the `>` that closes it. */
function readAngleBrackets(text, at) {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '<') depth++
    else if (text[i] === '>' && text[i - 1] !== '=' && --depth === 0) return text.slice(at + 1, i)
  }
  throw new BuildError('a list of type parameters does not end')
}

/** Splits at the commas that are in no bracket. */
function splitList(text) {
  const parts = ['']
  let depth = 0
  for (const [i, character] of [...text].entries()) {
    if ('<([{'.includes(character)) depth++
    if (')]}'.includes(character) || (character === '>' && text[i - 1] !== '=')) depth--
    if (character === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

/**
 * The type parameters of the type that `name` stands for in the file `path`.
 *
 * @returns {string[] | undefined} undefined if the name is that of a value only.
 */
function readTypeParameters(path, name) {
  const text = readDeclarations(path)
  const declaration = `^export (?:declare )?(?:(?:abstract )?class|interface|type) ${name}\\b`
  const match = new RegExp(declaration, 'm').exec(text)
  if (match) {
    const end = match.index + match[0].length
    return text[end] === '<' ? splitList(readAngleBrackets(text, end)) : []
  }
  const passedOn = readExportLists(text).get(name)
  if (passedOn?.from) return readTypeParameters(declarationsOf(path, passedOn.from), passedOn.local)
  if (new RegExp(`^export declare (?:const|let|function) ${name}\\b`, 'm').test(text))
    return undefined
  throw new BuildError(`${path}: no declaration of ${name} found`)
}

function declarationsOf(importer, specifier) {
  if (!specifier.startsWith('.')) throw new BuildError(`${importer} re-exports from ${specifier}`)
  return resolve(dirname(importer), specifier.replace(/\.js$/, '.d.ts'))
}

/** A type parameter as it reads outside its file: names that the entry exports get the prefix `esm.`. */
function qualifyParameter(parameter, ownNames, exported, where) {
  return parameter.replace(/'[^']*'|"[^"]*"|(?<![\w.])[A-Za-z_]\w*(?!\w)(?!\s*\??:)/g, (word) => {
    if (/^['"]/.test(word) || word === 'extends' || ownNames.has(word) || KNOWN_NAMES.has(word))
      return word
    if (exported.has(word)) return `esm.${word}`
    throw new BuildError(`${where} has a type parameter that names ${word}: export that as well`)
  })
}

/** `export type` for the class, or the type of the same name, behind the value `name`. */
function declareType(name, parameters, exported, where) {
  // `const`, `in` and `out` have no place in an alias.
  const plain = parameters.map((parameter) => parameter.replace(/^(?:(?:const|in|out)\s+)+/, ''))
  const ownNames = plain.map((parameter) => parameter.split(/\s/, 1)[0])
  const scope = new Set(ownNames)
  const declared = plain.map((parameter) => qualifyParameter(parameter, scope, exported, where))
  const list = (items) => (items.length === 0 ? '' : `<${items.join(', ')}>`)
  return `export type ${name}${list(declared)} = esm.${name}${list(ownNames)}`
}

/** Checks an entry's list of exports against what the built module really exports. */
async function readEntry(js, dts) {
  const text = readDeclarations(dts)
  const rest = text.replace(EXPORT_LIST, '').trim()
  if (rest !== '') {
    throw new BuildError(
      `${dts} has more than explicit named re-exports: ${rest.split('\n', 1)[0]}`,
    )
  }
  const exported = readExportLists(text)
  const declared = [...exported].filter(([, { isType }]) => !isType).map(([name]) => name)
  const actual = Object.keys(await import(pathToFileURL(js).href))
  if (declared.sort().join() !== actual.sort().join()) {
    throw new BuildError(`${js} exports ${actual.join()}, but its types say ${declared.join()}`)
  }
  return exported
}

function commonJsDeclarations(file, dts, exported) {
  const asModule = `from './${file}.js' with { 'resolution-mode': 'import' }`
  const types = []
  const values = []
  for (const [name, { local, isType, from }] of [...exported].sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    if (isType) {
      types.push(name)
      continue
    }
    if (name === 'default') {
      values.push('declare const all: typeof esm.default', 'export { all as default }')
      continue
    }
    values.push(`export declare const ${name}: typeof esm.${name}`)
    const parameters = readTypeParameters(from ? declarationsOf(dts, from) : dts, local)
    if (parameters) values.push(declareType(name, parameters, exported, `${dts}: ${name}`))
  }
  const lines = [`import type * as esm ${asModule}`]
  if (types.length > 0) lines.push(`export type { ${types.join(', ')} } ${asModule}`)
  return `${[...lines, ...values].join('\n')}\n`
}

/** The path of an entry without its ending, after checking that `exports` names its files. */
function stemOf(root, subpath, conditions) {
  const js = conditions.import?.default
  const stem = js?.replace(/\.js$/, '')
  const expected = {
    import: { types: `${stem}.d.ts`, default: js },
    require: { types: `${stem}.d.cts`, default: `${stem}.cjs` },
  }
  if (JSON.stringify(conditions) !== JSON.stringify(expected)) {
    throw new BuildError(`exports['${subpath}'] should be ${JSON.stringify(expected)}`)
  }
  if (!existsSync(join(root, `${stem}.d.ts`))) throw new BuildError(`${stem}.d.ts is missing`)
  return stem
}

/** Adds the CommonJS files of one entry. */
async function addCommonJs(path) {
  const file = basename(path)
  const exported = await readEntry(`${path}.js`, `${path}.d.ts`)
  writeFileSync(`${path}.d.cts`, commonJsDeclarations(file, `${path}.d.ts`, exported))
  writeFileSync(`${path}.cjs`, `'use strict'\nmodule.exports = require('./${file}.js')\n`)
}

async function build(root) {
  const [modules, target] = [join(root, 'build'), join(root, 'dist')]
  for (const folder of [modules, target]) rmSync(folder, { recursive: true, force: true })
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
  const compiled = spawnSync(
    process.execPath,
    [join(typescript, 'bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
    { cwd: root, stdio: 'inherit' },
  )
  if (compiled.error) throw compiled.error
  if (compiled.status !== 0) throw new BuildError('tsc found errors')
  const isDeclaration = (path) => statSync(path).isDirectory() || path.endsWith('.d.ts')
  cpSync(modules, target, { recursive: true, filter: isDeclaration })
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const stems = Object.entries(exports)
    .filter(([, conditions]) => typeof conditions !== 'string')
    .map(([subpath, conditions]) => join(root, stemOf(root, subpath, conditions)))
  const entries = stems.map((stem) => `${join(modules, relative(target, stem))}.js`)
  await bundle(
    entries,
    modules,
    target,
    ALONE.map((path) => join(modules, path)),
  )
  for (const stem of stems) await addCommonJs(stem)
}

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'))
try {
  await build(root)
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(`build: ${error.message}`)
  process.exitCode = 1
}
