import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { proto } from 'baileys'
import { Bridge } from './bridge.ts'
import { eventually, Harness, type SimulatedPhone } from './harness.ts'

describe('what a real server does besides', () => {
  let harness: Harness
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bridge: Bridge

  before(async () => {
    harness = await Harness.start()
    cleo = await harness.phone('15550000000', { name: 'Cleo' })
    ann = await harness.phone('15551234567', { name: 'Ann' })
    bridge = await Bridge.linked(harness, cleo)
    await cleo.companion('settled')
  })
  after(() => harness.stop())

  const queued = async () =>
    (await harness.get<{ queued: number; waiting: object[] }>(cleo.path('companions/any'))).queued

  test('a stanza by hand is delivered until it is acknowledged, with whatever it holds', async () => {
    const seen: unknown[] = []
    bridge.socket.ws.on('CB:status', (node) => seen.push(node))
    const stanza = {
      tag: 'status',
      attrs: { from: ann.jid, id: 'S1', t: '1' },
      content: [
        { tag: 'a', content: 'text' },
        { tag: 'b', base64: Buffer.from([0, 255]).toString('base64') },
      ],
    }
    assert.deepEqual(await harness.post(cleo.path('stanzas'), { stanza }), { id: 'S1' })
    await eventually(() => seen.length, 'the stanza')
    assert.equal(await queued(), 1)
    const view = await harness.get<{ waiting: { tag: string; attrs: { id: string } }[] }>(
      cleo.path('companions/any'),
    )
    assert.deepEqual([view.waiting[0]?.tag, view.waiting[0]?.attrs.id], ['status', 'S1'])
    await bridge.socket.sendNode({ tag: 'ack', attrs: { class: 'status', id: 'S1', to: ann.jid } })
    await eventually(async () => (await queued()) === 0, 'the acknowledgement')
    for (const wrong of [{ tag: 'x', content: 7 }, { attrs: {} }, { tag: 'x', more: 1 }])
      await assert.rejects(harness.post(cleo.path('stanzas'), { stanza: wrong }), /400/)
  })

  test('a stanza goes once to a connection that is not linked', async () => {
    const fresh = new Bridge(harness)
    fresh.connect()
    await fresh.qr()
    let got = 0
    fresh.socket.ws.on('CB:notification,type:companion_reg_refresh', () => {
      got += 1
    })
    const { connections } = await harness.get<{ connections: { id: number; number?: string }[] }>('/state')
    const unlinked = connections.find(({ number }) => number === undefined)
    const stanza = { tag: 'notification', attrs: { type: 'companion_reg_refresh', id: 'R' } }
    assert.deepEqual(await harness.post('/connections/stanzas', { id: unlinked?.id, stanza }), { sent: 1 })
    await eventually(() => got === 1, 'the notification')
    await fresh.disconnect()
  })

  test('an encrypted edit opens with the secret that its message brought, and with nothing else', async () => {
    const id = await ann.send({ to: cleo.number, text: 'cats' })
    const { message } = await bridge.waitForText('cats')
    const secret = message.message?.messageContextInfo?.messageSecret
    assert.equal(secret?.length, 32)
    await ann.send({ to: cleo.number, edit: { id, text: 'dogs', encrypted: true } })
    const { message: edit } = await bridge.waitForMessage((one) =>
      Boolean(one.message?.secretEncryptedMessage),
    )
    const sealed = edit.message?.secretEncryptedMessage
    assert.deepEqual([sealed?.targetMessageKey?.id, sealed?.secretEncType], [id, 2])
    const info = Buffer.from(`${id}${ann.jid}${ann.jid}Message Edit`)
    const key = Buffer.from(hkdfSync('sha256', secret ?? '', Buffer.alloc(0), info, 32))
    const bytes = Buffer.from(sealed?.encPayload ?? [])
    const decipher = createDecipheriv('aes-256-gcm', key, sealed?.encIv ?? Buffer.alloc(12))
    decipher.setAuthTag(bytes.subarray(-16))
    const plain = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
    assert.equal(proto.Message.decode(plain).protocolMessage?.editedMessage?.conversation, 'dogs')
    await assert.rejects(
      ann.send({ to: cleo.number, edit: { id: 'NONE', text: 'x', encrypted: true } }),
      /409/,
    )
  })

  test('messages of any bytes arrive as they are', async () => {
    const plain = proto.Message.encode({ conversation: 'by hand' }).finish()
    const bytes = Buffer.concat([plain, Buffer.from([1])]).toString('base64')
    await ann.send({ to: cleo.number, bytes })
    await bridge.waitForText('by hand')
  })

  test('addresses are refused by their kind, and a LID is kept back', async () => {
    const { lid } = await ann.view()
    await harness.fault({
      on: 'in',
      do: 'refuse',
      code: 463,
      match: { tag: 'message', addressing: 'pn' },
      times: 0,
    })
    const acks = async (jid: string, messageId: string) => {
      const ack = bridge.socket.waitForMessage<{ attrs: { error?: string } }>(messageId, 3_000)
      await bridge.send(jid, { text: messageId }, { messageId })
      return (await ack)?.attrs.error
    }
    assert.deepEqual([await acks(ann.jid, 'PN1'), await acks(lid, 'LID1')], ['463', undefined])
    await harness.delete('/faults')
    const dan = await harness.phone('15559990001', { lidHidden: true })
    assert.equal(await bridge.socket.signalRepository.lidMapping.getLIDForPN(dan.jid), null)
    await harness.phone('15559990001', { lidHidden: false })
    assert.ok(await bridge.socket.signalRepository.lidMapping.getLIDForPN(dan.jid))
  })

  test('a version that is too old is refused, and a ban says when it ends', async () => {
    await harness.post('/web-version', { current: 2_000_000_000, least: 2_000_000_000 })
    await harness.post('/connections/drop', { number: cleo.number })
    await bridge.closed(405)
    await harness.post('/web-version')
    await harness.fault({ on: 'login', do: 'refuse', code: 402, attrs: { expire: '60' } })
    bridge.connect()
    await bridge.closed(402)
    const failure = bridge.updates.map((one) => one.lastDisconnect?.error as { data?: object } | undefined)
    assert.ok(failure.some((error) => (error?.data as { expire?: string })?.expire === '60'))
    await bridge.online(cleo)
  })
})
