import { Connection } from '../types/pg/names.js'
export = Connection
