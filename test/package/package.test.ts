import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Import, scanImports, stripComments } from '../support/import-scanner.js'
import { MODULE_SETTINGS, typeCheck } from './module-settings.js'
import { repository, ScratchProject } from './scratch-project.js'

interface Conditions {
  readonly import: { readonly types: string; readonly default: string }
  readonly require: { readonly types: string; readonly default: string }
}
interface Manifest {
  readonly exports: Readonly<Record<string, Conditions | string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>
}

const manifest: Manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const optionalPeers = Object.keys(manifest.peerDependencies)
const entries = Object.entries(manifest.exports).flatMap(([subpath, conditions]) =>
  typeof conditions === 'string' ? [] : [{ name: `sluice${subpath.slice(1)}`, conditions }],
)

const project = new ScratchProject()
const installed = join(project.path, 'node_modules/sluice')
let tarball = ''

beforeAll(() => {
  if (!existsSync(join(repository, 'dist/index.cjs'))) throw new Error('run `npm run build` first')
  const packed = project.npm(repository, 'pack', '--silent', '--pack-destination', project.path)
  expect(packed.status, packed.stderr).toBe(0)
  tarball = packed.stdout.trim()
  project.write('package.json', JSON.stringify({ name: 'consumer', private: true }))
  const added = project.npm(project.path, 'install', '--silent', `./${tarball}`)
  expect(added.status, added.stderr).toBe(0)
  // Only now: installing must not depend on it, and what is installed is looked at above all.
  project.linkPackage('@types/node')
})
afterAll(() => project.remove())

/** The installed files, relative to the package. */
function installedFiles(): string[] {
  const all = readdirSync(installed, { recursive: true, withFileTypes: true })
  return all
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(installed.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
}

const readInstalled = (path: string): string => readFileSync(join(installed, path), 'utf8')

/** Runs a script in the empty project; gives what it prints to both streams, warnings included. */
function run(name: string, script: string): string {
  project.write(name, script)
  const { stdout, stderr } = project.node(name)
  return stdout + stderr
}

describe('the tarball', () => {
  test('has nothing but the build and the texts about it', () => {
    const known =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.*(?:\.js|\.cjs|\.d\.ts|\.d\.cts))$/
    expect(installedFiles().filter((path) => !known.test(path))).toEqual([])
  })

  test('has the texts and every file that exports names', () => {
    const named = entries.flatMap(({ conditions }) => [
      ...Object.values(conditions.import),
      ...Object.values(conditions.require),
    ])
    const texts = ['README.md', 'LICENSE', 'CHANGELOG.md']
    expect(installedFiles()).toEqual(
      expect.arrayContaining([...texts, ...named.map((path) => path.replace('./', ''))]),
    )
  })

  test('installs without bringing another package', () => {
    const folders = readdirSync(join(project.path, 'node_modules'))
    expect(folders.filter((name) => !name.startsWith('.')).sort()).toEqual(['@types', 'sluice'])
    expect(readdirSync(join(project.path, 'node_modules/@types'))).toEqual(['node'])
  })

  test('has no problem that publint knows of', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true })
    const texts = messages.map((message) => formatMessage(message, pkg ?? {}, { color: false }))
    expect(texts).toEqual([])
  })

  test('has no problem that attw knows of', () => {
    // The profile leaves out `node10`, a resolution that does not know `exports` and that no Node
    // able to run sluice has.
    // It takes the default export of `sluice/pg` for missing in CommonJS, since it does not run
    // `module.exports = require('./index.js')`; the tests below do.
    const rules = ['--ignore-rules', 'false-export-default']
    const options = ['--profile', 'node16', '--no-definitely-typed', '--no-emoji', '--no-color']
    const { status, stdout, stderr } = project.command(
      '@arethetypeswrong/cli',
      'attw',
      ...[tarball, '--format', 'ascii', ...options, ...rules],
    )
    expect(status, stdout + stderr).toBe(0)
  })
})

describe('the manifest', () => {
  test('declares no dependency, and every peer as optional', () => {
    expect(manifest.dependencies ?? {}).toEqual({})
    const optional = Object.entries(manifest.peerDependenciesMeta).filter(
      ([, { optional }]) => optional,
    )
    expect(optional.map(([name]) => name).sort()).toEqual([...optionalPeers].sort())
  })
})

describe('the code', () => {
  test('imports Node itself and its own files only, optional peers when asked to', () => {
    const foreign = installedFiles()
      .filter((path) => path.startsWith('dist/'))
      .flatMap((path) => dependencies(readInstalled(path)).map((found) => ({ path, ...found })))
      .filter(({ specifier }) => !/^(?:node:|\.\.?\/)/.test(specifier))
      .filter(
        ({ path, specifier, isDynamic }) =>
          !(isDynamic && /^dist\/testing\/.*\.js$/.test(path) && isOptionalPeer(specifier)),
      )
    expect(foreign).toEqual([])
  })

  test('has no `using` declaration, which Node 20 cannot parse', () => {
    const using = /^\s*(?:await\s+)?using\s+\w+\s*=|\((?:await\s+)?using\s+\w+\s+of\b/m
    const scripts = installedFiles().filter((path) => /\.c?js$/.test(path))
    expect(scripts.filter((path) => using.test(readInstalled(path)))).toEqual([])
  })

  test('loads in every file, on the Node that runs this', () => {
    const files = installedFiles().filter((path) => /^dist\/.*\.js$/.test(path))
    const imports = files.map((path) => `await import('./node_modules/sluice/${path}')`)
    expect(run('load-all.mjs', imports.join('\n'))).toBe('')
  })
})

for (const { name } of entries) {
  test(`${name} is one instance for import and require, without a warning`, () => {
    const script = `
      const required = require('${name}')
      import('${name}').then((imported) => {
        for (const key of new Set([...Object.keys(imported), ...Object.keys(required)])) {
          // Node.js adds __esModule to what has a default export and is required.
          if (key !== '__esModule' && imported[key] !== required[key]) console.log(key)
        }
        console.log(Object.keys(required).length > 0 ? 'same' : 'empty')
      })`
    expect(run('required-first.cjs', script)).toBe('same\n')
    const importedFirst = `import '${name}'\nimport './required-first.cjs'\n`
    expect(run('imported-first.mjs', importedFirst)).toBe('same\n')
  })
}

for (const setting of MODULE_SETTINGS) {
  test(`under ${setting.name} every export of every entry has the types of the ES module`, () => {
    const source = entries.map(({ name, conditions }, i) => {
      const { types, values } = exportedNames(readInstalled(conditions.import.types))
      return `
        import type { ${types.map((type) => `${type} as ${type}_${i}`).join(', ')} } from '${name}'
        import { ${values.map((value) => `${value} as ${value}_${i}`).join(', ')} } from '${name}'
        import * as all_${i} from '${name}'
        import type * as esm_${i} from '${name}' with { 'resolution-mode': 'import' }
        export const same_${i}: Pick<typeof esm_${i}, keyof typeof esm_${i}> = all_${i}
        export const named_${i} = [${values.map((value) => `${value}_${i}`).join(', ')}]`
    })
    expect(typeCheck(project, setting, source.join('\n'))).toBe('')
  })

  test(`under ${setting.name} classes are types and values, the same for both kinds of file`, () => {
    const source = `
      import { connect, Connection, createPool, Pool, PostgresError, SluiceError } from 'sluice'
      import type * as esm from 'sluice' with { 'resolution-mode': 'import' }

      export async function version(dsn: string): Promise<string | null> {
        const connection: Connection = await connect(dsn)
        const pool: Pool = await createPool(dsn, { maxSize: 2 })
        const there: esm.Pool = pool
        const back: Pool = there
        try {
          await connection.close()
          return await back.fetchval<string>('select version()')
        } catch (error) {
          if (error instanceof PostgresError) console.log(error.severity, error.code)
          if (error instanceof SluiceError) console.log(error.safeToRetry)
          throw error
        } finally {
          await pool.close()
        }
      }
      export class AppError extends SluiceError {}
      // @ts-expect-error: no such method
      Pool.prototype.frobnicate
      // @ts-expect-error: a DSN is a string
      connect(1)
      export const kinds = [Connection, Pool]`
    expect(typeCheck(project, setting, source)).toBe('')
  })
}

/** Whether a specifier names an optional peer or a file in it. */
function isOptionalPeer(specifier: string): boolean {
  return optionalPeers.some((peer) => specifier === peer || specifier.startsWith(`${peer}/`))
}

/** What a file of the build imports or requires. */
function dependencies(text: string): Pick<Import, 'specifier' | 'isDynamic'>[] {
  const required = stripComments(text).matchAll(/(?<![.\w#$])require\s*\(\s*['"]([^'"]+)['"]/g)
  return [
    ...scanImports(text),
    ...[...required].map(([, specifier = '']) => ({ specifier, isDynamic: true })),
  ]
}

/** The names in the export lists of an entry's declarations. */
function exportedNames(declarations: string): { types: string[]; values: string[] } {
  const types: string[] = []
  const values: string[] = []
  const code = stripComments(declarations)
  for (const [, typeOnly, list = ''] of code.matchAll(/export (type )?\{([^}]*)\}/g)) {
    for (const item of list.split(',').map((part) => part.trim())) {
      const name = item.split(/\s+/).at(-1)
      if (!name) continue
      if (typeOnly || item.startsWith('type ')) types.push(name)
      else values.push(name)
    }
  }
  return { types, values }
}
