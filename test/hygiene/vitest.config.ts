import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** For the fixture of this folder, which hygiene.test.ts runs. */
const config: ViteUserConfig = defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/hygiene/*.fixture.ts'],
    setupFiles: ['test/support/hygiene.ts'],
    globalSetup: ['test/hygiene/given-server.ts'],
    reporters: ['json'],
  },
})

export default config
