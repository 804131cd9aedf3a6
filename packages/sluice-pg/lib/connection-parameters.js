module.exports = require('../dist/pg/index.js').ConnectionParameters
