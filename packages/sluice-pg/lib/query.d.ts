import { Query } from '../types/pg/names.js'
export = Query
