import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODULE_SETTINGS, typeCheck } from './module-settings.js'
import { repository, ScratchProject } from './scratch-project.js'

const project = new ScratchProject()
project.linkPackage('@types/node')
afterAll(() => project.remove())

const entry = (stem: string): object => ({
  import: { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` },
  require: { types: `./dist/${stem}.d.cts`, default: `./dist/${stem}.cjs` },
})

const shapes = `
export type RowObject = Record<string, unknown>
/** Says \`export declare class Cursor<Wrong>\` in a comment. */
export abstract class Failure extends Error {
  abstract readonly code: string
}
export class Refusal extends Failure {
  readonly code: string = 'no'
}
export class Cursor<const Row extends RowObject = RowObject, Mapped = () => { row: Row }> {
  readonly #rows: readonly Row[]
  private constructor(rows: readonly Row[]) {
    this.#rows = rows
  }
  static of<Row extends RowObject>(row: Row): Cursor<Row> {
    return new Cursor<Row>([row])
  }
  first(): Row | undefined {
    return this.#rows[0]
  }
  map(mapper: Mapped): Mapped {
    return mapper
  }
}
export interface Options<T = string> {
  readonly value?: T
}
export const Format = { text: 0, binary: 1 } as const
export type Format = (typeof Format)[keyof typeof Format]
export function open(options: Options): Cursor {
  return Cursor.of({ value: options.value })
}
`
const index = `
// The entry.
export type { Options } from './shapes.js'
export { Cursor, Failure, Format, open, Refusal as Rejection, type RowObject } from './shapes.js'
`
const consumer = `
import { Cursor, Failure, Format, open, Rejection, type Options, type RowObject } from 'built'
import * as all from 'built'
import * as extra from 'built/extra'
import type * as esm from 'built' with { 'resolution-mode': 'import' }

const options: Options = { value: 'a' }
const wide: Cursor = open(options)
const narrow: Cursor<{ id: number }> = Cursor.of({ id: 1 })
export const id: number | undefined = narrow.first()?.id
export const row: RowObject | undefined = wide.first()

// Private members make Cursor nominal: these hold only if it is one class.
export const there: esm.Cursor<{ id: number }> = narrow
export const back: Cursor<{ id: number }> = there
export const same: typeof esm.Cursor = Cursor
export const members: Pick<typeof esm, keyof typeof esm> = all
export const namespaced: all.Cursor = all.open({})
export const again: typeof Cursor = extra.Cursor

export const format: Format = Format.binary
export class Mine extends Rejection {}
export const code = (error: unknown): string => (error instanceof Failure ? error.code : '')

// @ts-expect-error: the constructor is private
new Cursor([])
// @ts-expect-error: the constraint of the type parameter holds
export type Wrong = Cursor<string>
// @ts-expect-error: 2 is no format
export const wrong: Format = 2
// @ts-expect-error: nothing else is exported
all.nothing
`

function writePackage(): void {
  const exports = { '.': entry('index'), './extra': entry('extra/index') }
  writeManifest(exports)
  const compilerOptions = { noEmit: false, rootDir: 'src', outDir: 'build', types: [] }
  const base = join(repository, 'tsconfig.json')
  project.write(
    'tsconfig.build.json',
    JSON.stringify({ extends: base, compilerOptions, include: ['src'] }),
  )
  project.write('src/shapes.ts', shapes)
  project.write('src/index.ts', index)
  project.write('src/extra/index.ts', `export { Cursor, type RowObject } from '../index.js'\n`)
}

function writeManifest(exports: object): void {
  project.write('package.json', JSON.stringify({ name: 'built', type: 'module', exports }))
}

function build(): string {
  const { status, stdout, stderr } = project.node(join(repository, 'tools/build.mjs'), project.path)
  expect(status).toBe(stdout + stderr === '' ? 0 : 1)
  return stdout + stderr
}

describe('a build', () => {
  beforeAll(() => {
    writePackage()
    project.write('dist/stale.js', '')
    expect(build()).toBe('')
  })

  test('removes what an earlier one left', () => {
    expect(existsSync(join(project.path, 'dist/stale.js'))).toBe(false)
  })

  test('gives import and require the same module', () => {
    project.write(
      'same.cjs',
      `const required = require('built')
       import('built').then((imported) => {
         if (required !== imported) process.exit(1)
         if (require('built/extra').Cursor !== required.Cursor) process.exit(2)
       })`,
    )
    expect(project.node('same.cjs').status).toBe(0)
  })

  test('keeps the names of classes', () => {
    project.write(
      'names.cjs',
      `const { Cursor, Rejection } = require('built')
       console.log(Cursor.name, Rejection.name)`,
    )
    expect(project.node('names.cjs').stdout).toBe('Cursor Refusal\n')
  })

  for (const setting of MODULE_SETTINGS) {
    test(`has types that are right under ${setting.name}`, () => {
      expect(typeCheck(project, setting, consumer)).toBe('')
    })
  }

  test('keeps the names of type parameters and qualifies the rest', () => {
    const declarations = readFileSync(join(project.path, 'dist/index.d.cts'), 'utf8')
    expect(declarations.replace(/\s+/g, ' ')).toContain(
      'export type Cursor<Row extends esm.RowObject = esm.RowObject, Mapped = () => { row: Row; }> = ' +
        'esm.Cursor<Row, Mapped> ',
    )
  })
})

describe('a build is refused', () => {
  const cases: readonly (readonly [name: string, spoil: () => void, message: string])[] = [
    [
      'when tsc finds an error',
      () => project.write('src/shapes.ts', `${shapes}\nexport const x: string = 1\n`),
      'tsc found errors',
    ],
    [
      'when an entry has code of its own',
      () => project.write('src/index.ts', `${index}\nexport const x: number = 1\n`),
      'more than explicit named re-exports: export declare const x: number',
    ],
    [
      'when an entry exports all of a module',
      () => project.write('src/index.ts', `export * from './shapes.js'\n`),
      'more than explicit named re-exports: export *',
    ],
    [
      'when a type parameter names what the entry keeps to itself',
      () => project.write('src/extra/index.ts', `export { Cursor } from '../index.js'\n`),
      'names RowObject: export that as well',
    ],
    [
      'when two classes have one name',
      () => {
        project.write('src/cursors.ts', 'export class Cursor {}\n')
        const other = `export { Cursor as Other } from './cursors.js'\n`
        project.write('src/index.ts', `${index}${other}`)
      },
      'class Cursor as Cursor2: something else has its name',
    ],
    [
      'when an entry has no file',
      () => writeManifest({ './other': entry('other') }),
      'other.d.ts is missing',
    ],
    [
      'when a condition is missing',
      () => writeManifest({ '.': { import: { default: './dist/index.js' } } }),
      `exports['.'] should be`,
    ],
  ]
  for (const [name, spoil, message] of cases) {
    test(name, () => {
      writePackage()
      spoil()
      expect(build()).toContain(message)
    })
  }
})
