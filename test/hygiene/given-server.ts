import type { TestProject } from 'vitest/node'

/** Hands on the server of the run that started this one. */
export function setup(project: TestProject): void {
  project.provide('postgres', JSON.parse(process.env['SLUICE_TEST_GIVEN_SERVER'] ?? ''))
}
