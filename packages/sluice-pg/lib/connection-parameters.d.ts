import { ConnectionParameters } from '../types/pg/names.js'
export = ConnectionParameters
