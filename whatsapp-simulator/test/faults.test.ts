import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bridge } from './bridge.ts'
import { eventually, Rig, type SimulatedPhone } from './rig.ts'

const MESSAGE = { tag: 'message' }
const QUERY_TIMEOUT = 1_000

describe('faults on command', () => {
  let rig: Rig
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bridge: Bridge
  const back = async (): Promise<void> => {
    await eventually(() => bridge.updates.some(({ connection }) => connection === 'close'), 'a drop')
    await cleo.companion('online')
    await eventually(
      () =>
        bridge.updates.at(-1)?.connection === 'open' ||
        bridge.updates.some(({ connection }) => connection === 'open'),
      'open again',
    )
  }
  const bubbles = async (text: string): Promise<number> =>
    (await ann.entries()).filter((one) => one.text === text).length

  before(async () => {
    rig = await Rig.start('--record')
    cleo = await rig.phone('15550000000', { name: 'Cleo' })
    ann = await rig.phone('15551234567', { name: 'Ann' })
    bridge = await Bridge.linked(rig, cleo, { defaultQueryTimeoutMs: QUERY_TIMEOUT })
    await bridge.hears('messaging-history.set')
    await bridge.send(ann.jid, { text: 'warm up' })
    await ann.sees(({ text }) => text === 'warm up')
  })
  after(() => rig.stop())

  test('the connection drops before a message is processed: it never arrived', async () => {
    bridge.forget()
    await rig.fault({ on: 'in', do: 'drop', match: MESSAGE })
    await bridge.send(ann.jid, { text: 'lost' })
    await back()
    assert.equal(await bubbles('lost'), 0)
  })

  test('the connection drops after a message is processed: it arrived, and the client does not know', async () => {
    bridge.forget()
    await rig.fault({ on: 'in', do: 'drop', when: 'after', match: MESSAGE })
    const ack = bridge.socket.waitForMessage('3EB0AFTER', 1_000).catch(() => undefined)
    await bridge.send(ann.jid, { text: 'arrived' }, { messageId: '3EB0AFTER' })
    assert.equal(await ack, undefined)
    await back()
    assert.equal(await bubbles('arrived'), 1)
    await bridge.send(ann.jid, { text: 'arrived' }, { messageId: '3EB0AFTER' })
    await ann.sees(({ id, repeat }) => id === '3EB0AFTER' && repeat === true, 'deliveries')
    assert.equal(await bubbles('arrived'), 1)
  })

  test('the connection drops once a message is answered', async () => {
    bridge.forget()
    await rig.fault({ on: 'in', do: 'drop', when: 'answered', match: MESSAGE })
    const ack = bridge.socket.waitForMessage('3EB0ANSWERED', 1_000)
    await bridge.send(ann.jid, { text: 'answered' }, { messageId: '3EB0ANSWERED' })
    await bridge.send(ann.jid, { text: 'just behind' })
    assert.ok(await ack)
    await back()
    assert.deepEqual([await bubbles('answered'), await bubbles('just behind')], [1, 0])
  })

  test('the connection drops at the n-th stanza to the client; what it did not get comes again', async () => {
    bridge.forget()
    await rig.fault({ on: 'out', do: 'drop', match: MESSAGE, skip: 2 })
    for (const n of [1, 2, 3, 4]) await ann.send({ to: cleo.number, text: `numbered ${n}` })
    await back()
    await bridge.getsText('numbered 4')
    const sends = (await rig.book(ann, cleo)).slice(-4).map((one) => one.sends)
    assert.deepEqual(sends.slice(2), [2, 1])
  })

  test('a withheld ack is never seen, though the message arrived', async () => {
    await rig.phone(ann.number, { autoReceipt: false })
    await rig.fault({ on: 'out', do: 'withhold', match: { tag: 'ack', class: 'message' } })
    const ack = bridge.socket.waitForMessage('3EB0WITHHELD', 400).catch(() => undefined)
    await bridge.send(ann.jid, { text: 'unacknowledged' }, { messageId: '3EB0WITHHELD' })
    await ann.sees(({ text }) => text === 'unacknowledged')
    assert.equal(await ack, undefined)
    await rig.phone(ann.number, { autoReceipt: true })
  })

  test('a message is refused with a code of our choice and reaches nobody', async () => {
    bridge.forget()
    await rig.fault({ on: 'in', do: 'refuse', code: 463, match: MESSAGE })
    const ack = bridge.socket.waitForMessage<{ attrs: { error?: string } }>('3EB0NACK', 3_000)
    await bridge.send(ann.jid, { text: 'refused' }, { messageId: '3EB0NACK' })
    assert.equal((await ack)?.attrs.error, '463')
    assert.equal(await bubbles('refused'), 0)
  })

  test('messages are delayed, doubled and overtaken', async () => {
    await rig.fault({ on: 'out', do: 'delay', ms: 300, match: MESSAGE })
    const sent = Date.now()
    await ann.send({ to: cleo.number, text: 'late' })
    await bridge.getsText('late')
    assert.ok(Date.now() - sent >= 300)
    await rig.fault({ on: 'in', do: 'duplicate', match: MESSAGE })
    const twice = await bridge.send(ann.jid, { text: 'doubled' })
    await ann.sees(({ id, kind }) => id === twice.key.id && kind === 'text')
    await eventually(
      async () => (await ann.entries('deliveries')).filter(({ id }) => id === twice.key.id).length >= 2,
      'two deliveries',
    )
    assert.equal(await bubbles('doubled'), 1)
    await rig.fault({ on: 'out', do: 'reorder', match: MESSAGE })
    await ann.send({ to: cleo.number, text: 'sent first' })
    await ann.send({ to: cleo.number, text: 'sent second' })
    await bridge.getsText('sent first')
    const texts = bridge.received.map(({ message }) => message.message?.conversation)
    assert.ok(texts.indexOf('sent second') < texts.indexOf('sent first'))
  })

  test('a query is slow, unanswered or refused, by its namespace', async () => {
    await rig.fault({ on: 'in', do: 'delay', ms: 250, overtake: true, match: { tag: 'iq', xmlns: 'usync' } })
    const asked = Date.now()
    await bridge.socket.onWhatsApp(ann.number)
    assert.ok(Date.now() - asked >= 250)
    await rig.fault({ on: 'in', do: 'withhold', match: { tag: 'iq', xmlns: 'blocklist' } })
    const unanswered = Date.now()
    await bridge.socket.fetchBlocklist()
    assert.ok(Date.now() - unanswered >= QUERY_TIMEOUT, 'Baileys gives up silently')
    await rig.fault({ on: 'in', do: 'refuse', code: 429, match: { tag: 'iq', xmlns: 'w:g2' } })
    await assert.rejects(bridge.socket.groupMetadata('120363999999999999@g.us'), ({ data }) => data === 429)
  })

  test('a half-open connection neither answers nor closes, and can go on', async () => {
    bridge.forget()
    await rig.post('/connections/half-open', { number: cleo.number })
    const ack = bridge.socket.waitForMessage('3EB0SILENT', 400).catch(() => undefined)
    await bridge.send(ann.jid, { text: 'into the void' }, { messageId: '3EB0SILENT' })
    await ann.send({ to: cleo.number, text: 'out of the void' })
    assert.equal(await ack, undefined)
    assert.equal(bridge.count('out of the void') + (await bubbles('into the void')), 0)
    assert.deepEqual(bridge.closes, [])
    await rig.post('/connections/half-open', { number: cleo.number, on: false })
    await bridge.getsText('out of the void')
    await ann.sees(({ text }) => text === 'into the void')
    await rig.fault({ on: 'in', do: 'half-open', match: MESSAGE })
    await bridge.send(ann.jid, { text: 'the trigger' })
    await eventually(
      async () =>
        (await rig.get<{ connections: { halfOpen: boolean }[] }>('/state')).connections.some(
          ({ halfOpen }) => halfOpen,
        ),
      'half-open',
    )
    await rig.post('/connections/drop', { number: cleo.number })
    await back()
  })

  test('streams end with the codes of the real server', async () => {
    for (const code of [515, 500, 503]) {
      bridge.forget()
      await rig.post('/stream-error', { number: cleo.number, code })
      await bridge.closed(code)
      await back()
    }
    bridge.forget()
    await rig.post('/stream-error', { number: cleo.number, code: 440 })
    await bridge.closed(440)
  })

  test('a login is refused with a code of our choice; the next one works', async () => {
    for (const code of [405, 403]) {
      bridge.forget()
      await rig.fault({ on: 'login', do: 'refuse', code, number: cleo.number })
      bridge.connect()
      await bridge.closed(code)
    }
    bridge.forget()
    bridge.connect()
    await bridge.online(cleo)
  })

  test('faults strike as often as ordered, only their own number, and can be taken back', async () => {
    const { id } = await rig.fault({
      on: 'out',
      do: 'withhold',
      number: '19990000000',
      match: MESSAGE,
      times: 0,
    })
    await ann.send({ to: cleo.number, text: 'not struck' })
    await bridge.getsText('not struck')
    const [fault] = await rig
      .get<{ id: number; struck: number; do: string }[]>('/faults')
      .then((all) => all.filter((one) => one.id === id))
    assert.deepEqual([fault?.struck, fault?.do], [0, 'withhold'])
    await rig.delete(`/faults/${id}`)
    await assert.rejects(rig.delete(`/faults/${id}`), /404/)
    await rig.delete('/faults')
    assert.deepEqual(await rig.get('/faults'), [])
    const recorded = await rig.get<{ tag: string; direction: string }[]>('/stanzas')
    assert.ok(recorded.some(({ tag, direction }) => tag === 'success' && direction === 'out'))
  })

  test('a device that is removed by a 401 stays out', async () => {
    bridge.forget()
    await rig.post('/stream-error', { number: cleo.number, code: 401 })
    await bridge.closed(401)
    assert.equal((await cleo.view()).companions.length, 0)
  })
})
