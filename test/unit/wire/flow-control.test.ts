import { expect, test } from 'vitest'
import { writeQuery } from '../../../src/protocol/frontend.js'
import { PromiseRequest, type Wire } from '../../../src/wire/request.js'
import { commandComplete, copyData, readyForQuery } from '../../support/server-messages.js'
import { Scene } from './scene.js'

/** An exclusive request that tells what happens to it and hands out its wire. */
class ProbeRequest extends PromiseRequest<string> {
  protected readonly queryText = 'probe'
  readonly exclusive = true
  readonly changesSession = false
  wire: Wire | undefined
  drains = 0
  messages = 0

  protected get isAnswered(): boolean {
    return true
  }

  write(wire: Wire): void {
    this.wire = wire
    writeQuery(wire.out, 'probe')
  }

  onMessage(): void {
    this.messages += 1
  }

  onDrain(): void {
    this.drains += 1
  }

  protected result(): string {
    return 'done'
  }
}

async function probing(): Promise<{ scene: Scene; probe: ProbeRequest; wire: Wire }> {
  const scene = await Scene.ready()
  const probe = new ProbeRequest()
  scene.wire.submit(probe)
  await scene.backend.expect('Query')
  if (probe.wire === undefined) throw new Error('the probe was not written')
  return { scene, probe, wire: probe.wire }
}

test('send writes at once and tells when the kernel has enough', async () => {
  const { scene, wire } = await probing()
  writeQuery(wire.out, 'a')
  expect(wire.send()).toBe(true)
  scene.transport.isAccepting = false
  writeQuery(wire.out, 'b')
  expect(wire.send()).toBe(false)
  expect(scene.transport.writes).toHaveLength(4)
  expect(wire.send()).toBe(false)
  scene.transport.drain()
  expect(wire.send()).toBe(true)
})

test('what the kernel has not taken stays as it was written', async () => {
  const { scene, wire } = await probing()
  scene.transport.isAccepting = false
  const sent = ['a', 'b', 'c'].map((sql) => {
    writeQuery(wire.out, sql)
    wire.send()
    return scene.transport.writes.at(-1)?.toString('latin1')
  })
  expect(sent).toEqual(['Q\0\0\0\x06a\0', 'Q\0\0\0\x06b\0', 'Q\0\0\0\x06c\0'])
  expect(scene.transport.writes.slice(-3).map((bytes) => bytes.toString('latin1'))).toEqual(sent)
})

test('what a stream may still hold stays as it was written, although it has drained', async () => {
  const { scene, wire } = await probing()
  scene.transport.isAccepting = false
  Object.defineProperty(scene.transport, 'isWritten', { get: () => false })
  writeQuery(wire.out, 'a')
  wire.send()
  const held = scene.transport.writes.at(-1)
  scene.transport.drain()
  writeQuery(wire.out, 'b')
  wire.send()
  expect(held?.toString('latin1')).toBe('Q\0\0\0\x06a\0')
})

test('an exclusive request hears that the kernel has taken all, until it is over', async () => {
  const { scene, probe } = await probing()
  scene.transport.drain()
  expect(probe.drains).toBe(1)
  scene.backend.send(readyForQuery())
  expect(await probe.promise).toBe('done')
  scene.transport.drain()
  expect(probe.drains).toBe(1)
})

test('what waits behind an exclusive request is not written by a drain', async () => {
  const { scene, probe } = await probing()
  const next = scene.script('select f(1)')
  scene.transport.drain()
  await scene.backend.expect()
  scene.backend.send(readyForQuery())
  await scene.backend.expect('Query')
  scene.backend.send(commandComplete('SELECT 1'), readyForQuery())
  expect(await next).toMatchObject({ tag: 'SELECT 1' })
  expect(probe.drains).toBe(1)
})

test('reading stops and goes on as the request says; what has arrived still comes', async () => {
  const { scene, probe, wire } = await probing()
  wire.pause()
  wire.pause()
  expect(scene.transport.calls).toEqual(['pause'])
  scene.backend.send(copyData('a'), copyData('b'))
  expect(probe.messages).toBe(2)
  wire.resume()
  wire.resume()
  expect(scene.transport.calls).toEqual(['pause', 'resume'])
})

test('a pause ends with the request that asked for it', async () => {
  const { scene, probe, wire } = await probing()
  wire.pause()
  scene.backend.send(readyForQuery())
  expect(await probe.promise).toBe('done')
  expect(scene.transport.calls).toEqual(['pause', 'resume'])
})
