import { defaults } from '../types/pg/names.js'
export = defaults
