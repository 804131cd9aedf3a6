/** `import pg from 'sluice/pg'`: all names as one object, whose types are there too, as in `pg.Pool`. */
export * as pg from './names.js'
