import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Bridge } from './bridge.ts'
import { eventually, Harness } from './harness.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const CLIENT = fileURLToPath(new URL('./fixtures/client.ts', import.meta.url))

describe('processes', () => {
  let harness: Harness
  before(async () => {
    harness = await Harness.start()
  })
  after(() => harness.stop())

  test('a bridge process needs nothing but the environment of the ready line', async () => {
    const cleo = await harness.phone('15550000000')
    const ann = await harness.phone('15551234567')
    const child = spawn(process.execPath, [CLIENT], {
      env: { ...process.env, ...harness.ready.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said: { qr?: string; open?: boolean; history?: string[] }[] = []
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('{"qr"') || line.startsWith('{"open"') || line.startsWith('{"history"'))
        said.push(JSON.parse(line))
    })
    const qr = await eventually(() => said.find((line) => line.qr)?.qr, 'a QR', 15_000)
    await harness.post(cleo.path('link/qr'), { qr })
    await eventually(() => said.some(({ open }) => open), 'open', 15_000)
    await harness.post(cleo.path('history'), {
      mode: 'blob',
      conversations: [{ with: ann.number, messages: [{ text: 'of old' }] }],
    })
    await eventually(
      () => said.some(({ history }) => history?.includes('of old')),
      'history from mmg.whatsapp.net',
    )
    await ann.send({ to: cleo.number, text: 'send me a file' })
    const { media } = await ann.waitFor(({ kind }) => kind === 'document')
    assert.equal((await harness.bytes((media as { url: string }).url)).toString(), 'a file')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await ann.send({ to: cleo.number, text: 'while it is dead' })
    assert.equal((await cleo.companion('offline')).queued, 1)
  })

  test('a supervised simulator ends with whoever started it, and leaves nothing behind', async () => {
    const child = spawn(process.execPath, [MAIN, '--supervised'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = await once(createInterface(child.stdout), 'line')
    const { ca } = JSON.parse(line)
    assert.ok(existsSync(ca))
    child.stdin.end()
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    assert.ok(!existsSync(ca))
  })

  test('two bridges talk with each other, in a chat and in a group', async () => {
    const [left, right] = [
      await harness.phone('15550000001', { name: 'Left' }),
      await harness.phone('15550000002', { name: 'Right' }),
    ]
    const one = await Bridge.linked(harness, left)
    const two = await Bridge.linked(harness, right)
    const sent = await one.send(right.jid, { text: 'from bridge to bridge' })
    const { message } = await two.waitForText('from bridge to bridge')
    assert.equal(message.pushName, 'Left')
    await one.delivered(sent, 3)
    await two.send(left.jid, { text: 'and back' })
    await one.waitForText('and back')
    const { id } = await harness.post<{ id: string }>('/groups', {
      subject: 'Both',
      members: [left.number, right.number],
      lid: true,
    })
    await one.send(id, { text: 'to the group' })
    assert.equal((await two.waitForText('to the group')).message.key.remoteJid, id)
    await two.send(id, { text: 'from the group' })
    await one.waitForText('from the group')
  })

  test('two devices of one account each get what the other sends', async () => {
    const phone = await harness.phone('15550000003')
    const ann = await harness.phone('15550000004')
    const one = await Bridge.linked(harness, phone)
    const two = await Bridge.linked(harness, phone)
    await ann.send({ to: phone.number, text: 'to both' })
    await Promise.all([one.waitForText('to both'), two.waitForText('to both')])
    const sent = await one.send(ann.jid, { text: 'from the first' })
    const { message } = await two.waitForMessage(({ key }) => key.id === sent.key.id)
    assert.deepEqual([message.key.fromMe, message.key.remoteJid], [true, ann.jid])
    await harness.post('/connections/drop', { number: phone.number, device: 2 })
    await eventually(() => two.closes.includes(428), 'a drop of the second')
    assert.deepEqual(one.closes, [515])
  })
})
