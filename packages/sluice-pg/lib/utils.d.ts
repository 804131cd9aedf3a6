import { utils } from '../types/pg/names.js'
export = utils
