/**
 * The core of the driver as one program in plain JavaScript, which every runtime can run: `sluice` is the
 * package as npm would install it. SERVER has the connection strings.
 *
 * Prints the checks that failed and a line that counts; then it must end by itself, with nothing left open.
 */
import { inspect } from 'node:util'
import { connecting } from './connecting.mjs'
import { platform } from './platform.mjs'
import { pooling } from './pooling.mjs'
import { querying } from './querying.mjs'

const checks = { ...connecting, ...querying, ...pooling, ...platform }

process.on('unhandledRejection', (error) => {
  console.log(`unhandled: ${inspect(error)}`)
  process.exitCode = 1
})

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  try {
    await check()
  } catch (error) {
    failed++
    console.log(`FAILED ${name}: ${inspect(error, { depth: 3 })}`)
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1
