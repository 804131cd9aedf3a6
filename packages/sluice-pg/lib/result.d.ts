import { Result } from '../types/pg/names.js'
export = Result
