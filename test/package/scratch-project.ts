import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository. */
export const repository: string = fileURLToPath(new URL('../..', import.meta.url))

const require = createRequire(import.meta.url)

/** The file behind a command of an installed package, to be run by Node itself on every platform. */
function commandFile(packageName: string, command: string): string {
  const path = require.resolve(`${packageName}/package.json`)
  const { bin } = require(path) as { readonly bin: Readonly<Record<string, string>> }
  return join(dirname(path), bin[command] ?? command)
}

/** What a command left behind. */
export interface CommandOutcome {
  /** Exit code. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of its own for one test file, where commands run as they would for a user. */
export class ScratchProject {
  readonly path: string = mkdtempSync(join(tmpdir(), 'sluice-package-'))

  /** Writes a file, and the folders above it. */
  write(name: string, content: string): void {
    const path = join(this.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  /** Makes a package of the repository's own node_modules visible here. */
  linkPackage(name: string): void {
    const path = join(this.path, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(repository, 'node_modules', name), path, 'junction')
  }

  /** Copies a package of the repository's own node_modules, so that what it requires is looked for here. */
  copyPackage(name: string): void {
    const path = join(this.path, 'node_modules', name)
    cpSync(join(repository, 'node_modules', name), path, { recursive: true })
  }

  /** Runs a Node script with `args`. */
  node(...args: readonly string[]): CommandOutcome {
    return this.#run(process.execPath, args)
  }

  /** Runs the command of a dev dependency. */
  command(packageName: string, command: string, ...args: readonly string[]): CommandOutcome {
    return this.node(commandFile(packageName, command), ...args)
  }

  /** Runs npm in `cwd` without network, and with a cache of its own. */
  npm(cwd: string, ...args: readonly string[]): CommandOutcome {
    const offline = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts']
    const all = [...args, ...offline, '--cache', join(this.path, '.npm-cache')]
    return this.#run('npm', all, cwd)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  #run(file: string, args: readonly string[], cwd: string = this.path): CommandOutcome {
    // What `npm test` tells its children about itself must not steer the commands under test.
    const ownVariables = Object.entries(process.env).filter(([name]) => !/^(npm|node)_/i.test(name))
    const outcome = spawnSync(file, args, {
      cwd,
      encoding: 'utf8',
      env: Object.fromEntries(ownVariables),
      shell: file === 'npm' && process.platform === 'win32',
    })
    if (outcome.error) throw outcome.error
    return outcome
  }
}
