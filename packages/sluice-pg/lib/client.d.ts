import { Client } from '../types/pg/names.js'
export = Client
