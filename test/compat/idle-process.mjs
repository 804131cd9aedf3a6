// A process with nothing but an idle pool: node idle-process.mjs MODULE CONFIG
const [, , path, config] = process.argv
const module = await import(path)
const { Pool } = module.default ?? module
const pool = new Pool(JSON.parse(config))
await pool.query('select 1')
process.send('idle')
process.disconnect()
