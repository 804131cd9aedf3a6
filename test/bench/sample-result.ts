import type { HandshakeResult, TransportResult } from '../../bench/handshake/result.js'
import type { Latency } from '../../bench/support/statistics.js'

function latency(p50: number, perSecond: number): Latency {
  return { p50, p95: p50 * 1.4, p99: p50 * 1.9, perSecond }
}

function transport(
  label: string,
  phases: TransportResult['phases'],
  pooledP50: number,
  tls: string | null,
): TransportResult {
  const close = 0.3
  const freshP50 = phases.tcp + phases.tls + phases.auth + phases.firstQuery + close
  const compare = (factor: number) => ({
    fresh: latency(freshP50 * factor, 1_600 / freshP50),
    pooled: latency(pooledP50 * factor, 1_800 / pooledP50),
    saved: 1 - pooledP50 / freshP50,
  })
  return {
    ...compare(1),
    label,
    phases,
    close,
    setupShare: (phases.tcp + phases.tls + phases.auth) / freshP50,
    tls,
    concurrency: { '10': compare(6), '50': compare(30) },
  }
}

const TLS = 'TLSv1.3, TLS_AES_256_GCM_SHA384'

/** A result with made-up figures of a likely size, for the tests of the reports. */
export const SAMPLE_RESULT: HandshakeResult = {
  server: 'PostgreSQL 18.4',
  origin: 'embedded, on the same machine',
  node: 'v20.20.2',
  measuredAt: '2025-01-02T03:04:05.678Z',
  command: 'npm run bench',
  machine: {
    cpus: 2,
    cpuModel: 'Example CPU @ 2.00GHz',
    memoryGiB: 8,
    loadAverage: [0.25, 0.5, 0.75],
    platform: 'linux 6.1.0',
  },
  method: {
    query: 'select 1',
    rounds: 9,
    poolSize: 10,
    requests: [
      { concurrency: 1, fresh: 100, pooled: 1_000 },
      { concurrency: 10, fresh: 100, pooled: 2_000 },
      { concurrency: 50, fresh: 150, pooled: 3_000 },
    ],
    probes: 20,
  },
  transports: {
    'unix-trust': transport(
      'Unix socket, trust',
      { tcp: 0, tls: 0, auth: 2.1, firstQuery: 0.62 },
      0.11,
      null,
    ),
    'tcp-scram': transport(
      'TCP, SCRAM',
      { tcp: 0.14, tls: 0, auth: 5.4, firstQuery: 0.66 },
      0.14,
      null,
    ),
    'tcp-tls-scram': transport(
      'TCP, TLS, SCRAM',
      { tcp: 0.14, tls: 3.6, auth: 5.2, firstQuery: 0.71 },
      0.17,
      TLS,
    ),
    'tcp-tls-direct-scram': transport(
      'TCP, direct TLS, SCRAM',
      { tcp: 0.14, tls: 3.3, auth: 5.2, firstQuery: 0.71 },
      0.17,
      TLS,
    ),
  },
  leftOut: [{ transport: 'tcp-md5', reason: 'the server <says> "no" & means it' }],
  notes: ['The time was up after 8 of 9 rounds.'],
  api: {
    transport: 'tcp-tls-scram',
    requests: 100,
    queryMs: 5,
    fresh: latency(390, 190),
    pooled: { ...latency(21, 2_900), minSize: 5, maxSize: 30, firstBurst: latency(96, 640) },
    small: { ...latency(54, 330), maxSize: 2, acquireTimeout: 100, served: 36, timedOut: 64 },
    saved: 0.946,
  },
}
