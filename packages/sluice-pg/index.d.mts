export { pg as default } from './types/pg/module.js'
export * from './types/pg/names.js'
