const names = require('../dist/pg/index.js')

// An object that may be changed, as that of pg is by those who wrap it; a namespace may not.
const pg = {
  defaults: names.defaults,
  Client: names.Client,
  Query: names.Query,
  Pool: names.Pool,
  _pools: [],
  Connection: names.Connection,
  types: names.types,
  DatabaseError: names.DatabaseError,
  TypeOverrides: names.TypeOverrides,
  escapeIdentifier: names.escapeIdentifier,
  escapeLiteral: names.escapeLiteral,
  Result: names.Result,
  utils: names.utils,
}

// Not enumerable and read when asked for: libraries look at the descriptor.
Object.defineProperty(pg, 'native', { configurable: true, enumerable: false, get: () => null })

module.exports = pg
