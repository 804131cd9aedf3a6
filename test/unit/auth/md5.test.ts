import { expect, test } from 'vitest'
import { md5Password } from '../../../src/auth/md5.js'

test('md5 hashes password and user, then the salt', () => {
  // Computed with Python's hashlib from the formula of the protocol documentation.
  expect(md5Password('alice', 'secret', Uint8Array.of(1, 2, 3, 4))).toBe(
    'md598a0412b9c31436fc53776e863350083',
  )
})

test('md5 hashes names and passwords as UTF-8', () => {
  expect(md5Password('é', 'ü', Uint8Array.of(255, 0, 10, 1))).toBe(
    'md57cac4052c9d0be4c3a7fd9bd12c7ec39',
  )
})
