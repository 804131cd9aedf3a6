/** Connection strings: texts by key, or an error of options that does not repeat what may be a password. */
import { parseConnectionString } from '../../../build/config/connection-string.js'
import { CONNECT_OPTIONS } from '../../../build/config/options.js'

const KEYS = Object.values(CONNECT_OPTIONS).flatMap(({ dsn }) => (dsn === undefined ? [] : [dsn]))

export function fuzz(data) {
  try {
    for (const text of parseConnectionString(data.toString(), KEYS).values()) {
      if (typeof text !== 'string') throw new Error('a value that is no text')
    }
  } catch (error) {
    if (error.code !== 'ERR_SLUICE_OPTION') throw error
  }
}
