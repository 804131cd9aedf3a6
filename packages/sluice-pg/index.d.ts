export * from './types/pg/names.js'
