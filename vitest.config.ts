import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config'

/** What needs no server, and so must not wait for one. */
const UNIT = ['test/*.test.ts', 'test/unit/**/*.test.ts']

const config: ViteUserConfig = defineConfig({
  test: {
    pool: 'forks',
    // Tests wait more than they compute: with as many processes as processors a quarter of them would be left idle.
    maxWorkers: Math.max(3, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/seed.ts', 'test/support/hygiene.ts'],
    projects: [
      // Without a process and its imports for each file they take half the time.
      { extends: true, test: { name: 'unit', include: UNIT, isolate: false } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...UNIT],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
})

export default config
