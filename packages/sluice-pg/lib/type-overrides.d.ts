import { TypeOverrides } from '../types/pg/names.js'
export = TypeOverrides
