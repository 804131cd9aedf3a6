import { access, constants, mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { handshakePage } from '../report/handshake-page.js'
import { handshakePicture } from '../report/handshake-picture.js'
import { handshakeText } from '../report/handshake-text.js'
import type { Benchmark, BenchmarkContext } from '../support/benchmark.js'
import { describeOptions, type OptionTable, parseOptions, UsageError } from '../support/options.js'
import { Progress } from '../support/progress.js'
import type { HandshakeResult } from './result.js'
import { FULL, QUICK } from './settings.js'

const OPTIONS = {
  quick: { type: 'boolean', doc: 'Ready in under half a minute; its p99 is of few requests.' },
  peers: {
    type: 'boolean',
    doc: 'Measure fresh connections against those of pg, and nothing else.',
  },
  dsn: { type: 'string', value: 'DSN', doc: 'Measure this server and not an embedded one.' },
  json: { type: 'string', value: 'FILE', doc: 'Write the figures to this file too.' },
  help: { type: 'boolean', doc: 'Print this text.' },
} as const satisfies OptionTable

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url))

const HELP = `npm run bench -- [handshake] [OPTIONS]

Compares a fresh connection per request with a pool, on the same PostgreSQL, in one run: over a Unix
socket, TCP, TLS and TLS with direct negotiation; one request at a time and many at once; and a burst
on a web API. Shows where the time of a handshake goes. Takes one to two minutes.

${describeOptions(OPTIONS)}

With --dsn, the transports that the DSN allows and the server offers are measured. The server needs
room for about 130 connections; with less, less is measured. Its log may tell of connections that
ended before their startup: these time TCP and TLS. Nothing is written to the database.

With --peers, what a fresh connection with TLS and SCRAM costs the client is compared with pg, which
comes with \`npm ci --prefix bench\`; the figures are written to bench/results/handshake-peers.json.

Figures, page and picture are written to bench/results/handshake.{json,html,svg}.
Exit code: 0 done, 1 not possible, 2 wrong option, 130 or 143 after Ctrl-C or SIGTERM.
`

/** `npm run bench` and `npm run bench -- handshake`: fresh connections against a pool. */
export const handshake: Benchmark = {
  help: HELP,
  async run(args, context) {
    const options = parseOptions(OPTIONS, args)
    if (options.json !== undefined) await checkWritable(options.json)
    const progress = new Progress(context.stderr)
    try {
      if (options.peers) {
        await comparePeers(options, context, progress)
        return
      }
      const result = await measure(options, context, progress)
      progress.clear()
      context.stdout.write(handshakeText(result))
      const files = await writeResults(result, options.json)
      context.stdout.write(`\n${files.map((file) => `Written: ${file}\n`).join('')}`)
    } finally {
      progress.clear()
    }
  },
}

async function comparePeers(
  { dsn, json }: { readonly dsn: string | undefined; readonly json: string | undefined },
  { signal, stdout }: BenchmarkContext,
  progress: Progress,
): Promise<void> {
  const [{ runPeers }, { openTarget }, { peersText }] = await Promise.all([
    import('./peers.js'),
    import('./open-target.js'),
    import('./peers-result.js'),
  ])
  progress.show(dsn === undefined ? 'starting PostgreSQL' : 'connecting', 0)
  const target = await openTarget(dsn, signal)
  try {
    const result = await runPeers(target, signal, (text, share) => progress.show(text, share))
    progress.clear()
    const text = `${JSON.stringify(result, null, 2)}\n`
    await mkdir(RESULTS, { recursive: true })
    for (const file of [join(RESULTS, 'handshake-peers.json'), ...(json ? [resolve(json)] : [])]) {
      await writeFile(file, text)
    }
    stdout.write(peersText(result))
  } finally {
    progress.clear()
    await target.close()
  }
}

async function measure(
  options: { readonly quick: boolean; readonly dsn: string | undefined },
  { signal }: BenchmarkContext,
  progress: Progress,
): Promise<HandshakeResult> {
  // Loaded here, so that a wrong option is told without the driver.
  const [{ runHandshake }, { openTarget }] = await Promise.all([
    import('./run.js'),
    import('./open-target.js'),
  ])
  progress.show(options.dsn === undefined ? 'starting PostgreSQL' : 'connecting', 0)
  const target = await openTarget(options.dsn, signal)
  try {
    return await runHandshake({
      target,
      settings: options.quick ? QUICK : FULL,
      command: commandLine(options),
      signal,
      onProgress: (text, share) => progress.show(text, share),
    })
  } finally {
    progress.clear()
    await target.close()
  }
}

// The DSN may hold a password, and the result is made to be shown around.
function commandLine(options: {
  readonly quick: boolean
  readonly dsn: string | undefined
}): string {
  const args = [...(options.quick ? ['--quick'] : []), ...(options.dsn ? ['--dsn …'] : [])]
  return ['npm run bench', ...(args.length === 0 ? [] : ['--', ...args])].join(' ')
}

// A minute of measuring should not end at a mistyped folder.
async function checkWritable(file: string): Promise<void> {
  try {
    const existing = await stat(file).catch(() => null)
    if (existing?.isDirectory()) throw new UsageError(`--json: ${file} is a folder`)
    await access(existing === null ? dirname(resolve(file)) : file, constants.W_OK)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new UsageError(`--json: cannot write ${file} (${reason})`, { cause })
  }
}

async function writeResults(result: HandshakeResult, copy: string | undefined): Promise<string[]> {
  await mkdir(RESULTS, { recursive: true })
  const json = `${JSON.stringify(result, null, 2)}\n`
  const files: [string, string][] = [
    [join(RESULTS, 'handshake.json'), json],
    [join(RESULTS, 'handshake.html'), handshakePage(result)],
    [join(RESULTS, 'handshake.svg'), handshakePicture(result)],
  ]
  if (copy !== undefined) files.push([resolve(copy), json])
  for (const [path, content] of files) await writeFile(path, content)
  return files.map(([path]) => {
    const fromHere = relative(process.cwd(), path)
    return fromHere.startsWith('..') ? path : fromHere
  })
}
