/**
 * The program of the process that owns a server's folder and child processes. It is JavaScript in a
 * string, for `node -e`, so that it is the same whether this package runs from `dist` or from
 * TypeScript sources under a loader.
 *
 * Its standard input is a pipe that only the parent holds. When that closes, for whatever reason,
 * everything goes: children first, then the folder. Requests come in as lines of JSON, replies and
 * exits of the server go out the same way. The first argument says where to make the folder and
 * which user owns it and runs the children.
 */
export const SUPERVISOR_SOURCE: string = String.raw`
'use strict'
const { spawn } = require('node:child_process')
const { chownSync, closeSync, mkdtempSync, openSync, rmSync } = require('node:fs')

const OUTPUT_LIMIT = 65536
const GRACE_MS = 10000

const { prefix, uid, gid } = JSON.parse(process.argv[1])
const children = new Map() // child -> what ends it at once
let server
let folder
let ending = false

process.title = 'sluice-test-postgres'
process.stdout.on('error', () => {}) // The parent is gone; standard input tells as well.
process.stdin.on('error', end).on('end', end)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
process.on('uncaughtException', (error) => {
  send({ failure: error.message })
  end()
})

folder = mkdtempSync(prefix)
if (uid !== undefined) chownSync(folder, uid, gid)
send({ folder })

let rest = ''
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\n')
  rest = lines.pop()
  for (const line of lines) handle(JSON.parse(line))
})

function handle(request) {
  if (ending) return
  if (request.signal !== undefined) {
    const delivered = server !== undefined && server.kill(request.signal)
    send({ id: request.id, delivered })
  } else if (request.log === undefined) run(request)
  else serve(request)
}

function launch(request, output, quit) {
  const child = spawn(request.file, request.args, {
    cwd: folder,
    env: request.env,
    uid,
    gid,
    detached: process.platform !== 'win32', // A group of its own, so that its children end with it.
    windowsHide: true,
    stdio: ['pipe', output, output],
  })
  children.set(child, () => quit(child))
  child.stdin.on('error', () => {}) // It ended before it read all; its exit tells.
  child.stdin.end(request.input)
  child.on('error', (error) => {
    send({ id: request.id, error: error.message, errorCode: error.code })
    if (child.pid === undefined) forget(child)
  })
  return child
}

function run(request) {
  const child = launch(request, 'pipe', killGroup)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-OUTPUT_LIMIT)))
  }
  child.on('close', (code, signal) => {
    send({ id: request.id, code, signal, output })
    forget(child)
  })
}

function serve(request) {
  const log = openSync(request.log, 'a')
  const child = launch(request, log, (postmaster) => postmaster.kill('SIGQUIT'))
  closeSync(log)
  child.on('spawn', () => {
    server = child
    send({ id: request.id, pid: child.pid })
  })
  child.on('exit', (code, signal) => {
    if (server === child) server = undefined
    send({ exited: child.pid, code, signal })
    forget(child)
  })
}

function killGroup(child) {
  if (process.platform === 'win32') child.kill()
  else if (child.pid !== undefined) {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The whole group has ended already.
    }
  }
}

function send(message) {
  process.stdout.write(JSON.stringify(message) + '\n')
}

function forget(child) {
  children.delete(child)
  if (ending) finish()
}

function end() {
  if (ending) return
  ending = true
  for (const quit of children.values()) quit()
  setTimeout(() => [...children.keys()].forEach(killGroup), GRACE_MS).unref()
  finish()
}

function finish() {
  if (children.size > 0) return
  if (folder !== undefined) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  process.exit()
}
`
