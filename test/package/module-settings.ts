import type { ScratchProject } from './scratch-project.js'

/** A way in which a TypeScript project resolves packages. */
export interface ModuleSetting {
  readonly name: string
  readonly module: string
  readonly moduleResolution: string
  /** Extension of the file under test: it decides between ES module and CommonJS. */
  readonly extension: 'cts' | 'mts' | 'ts'
}

/** Every setting that the package promises to work under. */
export const MODULE_SETTINGS: readonly ModuleSetting[] = [
  setting('node16, ES module', 'node16', 'node16', 'mts'),
  setting('node16, CommonJS', 'node16', 'node16', 'cts'),
  setting('nodenext, ES module', 'nodenext', 'nodenext', 'mts'),
  setting('nodenext, CommonJS', 'nodenext', 'nodenext', 'cts'),
  setting('esnext with bundler', 'esnext', 'bundler', 'ts'),
  setting('preserve with bundler', 'preserve', 'bundler', 'ts'),
  setting('preserve with bundler, CommonJS', 'preserve', 'bundler', 'cts'),
]

function setting(
  name: string,
  module: string,
  moduleResolution: string,
  extension: ModuleSetting['extension'],
): ModuleSetting {
  return { name, module, moduleResolution, extension }
}

/**
 * Type-checks `source` as a strict project would, the declarations of its packages included.
 *
 * @returns what tsc prints: nothing if all is well.
 */
export function typeCheck(
  project: ScratchProject,
  { module, moduleResolution, extension }: ModuleSetting,
  source: string,
): string {
  const file = `consumer-${module}.${extension}`
  project.write(file, source)
  const { stdout, stderr } = project.command(
    'typescript',
    'tsc',
    ...['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--types', 'node'],
    ...['--module', module, '--moduleResolution', moduleResolution, file],
  )
  return stdout + stderr
}
