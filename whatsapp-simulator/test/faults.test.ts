import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bridge } from './bridge.ts'
import { eventually, Harness, type SimulatedPhone } from './harness.ts'

const MESSAGE = { tag: 'message' }
const QUERY_TIMEOUT = 1_000

describe('faults on command', () => {
  let harness: Harness
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
    harness = await Harness.start('--record')
    cleo = await harness.phone('15550000000', { name: 'Cleo' })
    ann = await harness.phone('15551234567', { name: 'Ann' })
    bridge = await Bridge.linked(harness, cleo, { defaultQueryTimeoutMs: QUERY_TIMEOUT })
    await bridge.waitForEvent('messaging-history.set')
    await bridge.send(ann.jid, { text: 'warm up' })
    await ann.waitFor(({ text }) => text === 'warm up')
  })
  after(() => harness.stop())

  test('the connection drops before a message is processed: it never arrived', async () => {
    bridge.clearEvents()
    await harness.fault({ on: 'in', do: 'drop', match: MESSAGE })
    await bridge.send(ann.jid, { text: 'lost' })
    await back()
    assert.equal(await bubbles('lost'), 0)
  })

  test('the connection drops after a message is processed: it arrived, and the client does not know', async () => {
    bridge.clearEvents()
    await harness.fault({ on: 'in', do: 'drop', when: 'after', match: MESSAGE })
    const ack = bridge.socket.waitForMessage('3EB0AFTER', 1_000).catch(() => undefined)
    await bridge.send(ann.jid, { text: 'arrived' }, { messageId: '3EB0AFTER' })
    assert.equal(await ack, undefined)
    await back()
    assert.equal(await bubbles('arrived'), 1)
    await bridge.send(ann.jid, { text: 'arrived' }, { messageId: '3EB0AFTER' })
    await ann.waitFor(({ id, repeat }) => id === '3EB0AFTER' && repeat === true, 'deliveries')
    assert.equal(await bubbles('arrived'), 1)
  })

  test('the connection drops once a message is answered', async () => {
    bridge.clearEvents()
    await harness.fault({ on: 'in', do: 'drop', when: 'answered', match: MESSAGE })
    const ack = bridge.socket.waitForMessage('3EB0ANSWERED', 1_000)
    await bridge.send(ann.jid, { text: 'answered' }, { messageId: '3EB0ANSWERED' })
    await bridge.send(ann.jid, { text: 'just behind' })
    assert.ok(await ack)
    await back()
    assert.deepEqual([await bubbles('answered'), await bubbles('just behind')], [1, 0])
  })

  test('the connection drops at the n-th stanza to the client; what it did not get comes again', async () => {
    bridge.clearEvents()
    await harness.fault({ on: 'out', do: 'drop', match: MESSAGE, skip: 2 })
    for (const n of [1, 2, 3, 4]) await ann.send({ to: cleo.number, text: `numbered ${n}` })
    await back()
    await bridge.waitForText('numbered 4')
    const sends = (await harness.ledger(ann, cleo)).slice(-4).map((one) => one.sends)
    assert.deepEqual(sends.slice(2), [2, 1])
  })

  test('a withheld ack is never seen, though the message arrived', async () => {
    await harness.phone(ann.number, { autoReceipt: false })
    await harness.fault({ on: 'out', do: 'withhold', match: { tag: 'ack', class: 'message' } })
    const ack = bridge.socket.waitForMessage('3EB0WITHHELD', 400).catch(() => undefined)
    await bridge.send(ann.jid, { text: 'unacknowledged' }, { messageId: '3EB0WITHHELD' })
    await ann.waitFor(({ text }) => text === 'unacknowledged')
    assert.equal(await ack, undefined)
    await harness.phone(ann.number, { autoReceipt: true })
  })

  test('a message is refused with a code of our choice and reaches nobody', async () => {
    bridge.clearEvents()
    await harness.fault({ on: 'in', do: 'refuse', code: 463, match: MESSAGE })
    const ack = bridge.socket.waitForMessage<{ attrs: { error?: string } }>('3EB0NACK', 3_000)
    await bridge.send(ann.jid, { text: 'refused' }, { messageId: '3EB0NACK' })
    assert.equal((await ack)?.attrs.error, '463')
    assert.equal(await bubbles('refused'), 0)
  })

  test('messages are delayed, doubled and overtaken', async () => {
    await harness.fault({ on: 'out', do: 'delay', ms: 300, match: MESSAGE })
    const sent = Date.now()
    await ann.send({ to: cleo.number, text: 'late' })
    await bridge.waitForText('late')
    assert.ok(Date.now() - sent >= 300)
    await harness.fault({ on: 'in', do: 'duplicate', match: MESSAGE })
    const twice = await bridge.send(ann.jid, { text: 'doubled' })
    await ann.waitFor(({ id, kind }) => id === twice.key.id && kind === 'text')
    await eventually(
      async () => (await ann.entries('deliveries')).filter(({ id }) => id === twice.key.id).length >= 2,
      'two deliveries',
    )
    assert.equal(await bubbles('doubled'), 1)
    await harness.fault({ on: 'out', do: 'reorder', match: MESSAGE })
    await ann.send({ to: cleo.number, text: 'sent first' })
    await ann.send({ to: cleo.number, text: 'sent second' })
    await bridge.waitForText('sent first')
    const texts = bridge.received.map(({ message }) => message.message?.conversation)
    assert.ok(texts.indexOf('sent second') < texts.indexOf('sent first'))
  })

  test('a query is slow, unanswered or refused, by its namespace', async () => {
    await harness.fault({
      on: 'in',
      do: 'delay',
      ms: 250,
      overtake: true,
      match: { tag: 'iq', xmlns: 'usync' },
    })
    const asked = Date.now()
    await bridge.socket.onWhatsApp(ann.number)
    assert.ok(Date.now() - asked >= 250)
    await harness.fault({ on: 'in', do: 'withhold', match: { tag: 'iq', xmlns: 'blocklist' } })
    const unanswered = Date.now()
    await bridge.socket.fetchBlocklist()
    assert.ok(Date.now() - unanswered >= QUERY_TIMEOUT, 'Baileys gives up silently')
    await harness.fault({ on: 'in', do: 'refuse', code: 429, match: { tag: 'iq', xmlns: 'w:g2' } })
    await assert.rejects(bridge.socket.groupMetadata('120363999999999999@g.us'), ({ data }) => data === 429)
  })

  test('a half-open connection neither answers nor closes, and can go on', async () => {
    bridge.clearEvents()
    await harness.post('/connections/half-open', { number: cleo.number })
    const ack = bridge.socket.waitForMessage('3EB0SILENT', 400).catch(() => undefined)
    await bridge.send(ann.jid, { text: 'into the void' }, { messageId: '3EB0SILENT' })
    await ann.send({ to: cleo.number, text: 'out of the void' })
    assert.equal(await ack, undefined)
    assert.equal(bridge.count('out of the void') + (await bubbles('into the void')), 0)
    assert.deepEqual(bridge.closes, [])
    await harness.post('/connections/half-open', { number: cleo.number, on: false })
    await bridge.waitForText('out of the void')
    await ann.waitFor(({ text }) => text === 'into the void')
    await harness.fault({ on: 'in', do: 'half-open', match: MESSAGE })
    await bridge.send(ann.jid, { text: 'the trigger' })
    await eventually(
      async () =>
        (await harness.get<{ connections: { halfOpen: boolean }[] }>('/state')).connections.some(
          ({ halfOpen }) => halfOpen,
        ),
      'half-open',
    )
    await harness.post('/connections/drop', { number: cleo.number })
    await back()
  })

  test('streams end with the codes of the real server', async () => {
    for (const code of [515, 500, 503]) {
      bridge.clearEvents()
      await harness.post('/stream-error', { number: cleo.number, code })
      await bridge.closed(code)
      await back()
    }
    bridge.clearEvents()
    await harness.post('/stream-error', { number: cleo.number, code: 440 })
    await bridge.closed(440)
  })

  test('a login is refused with a code of our choice; the next one works', async () => {
    for (const code of [405, 403]) {
      bridge.clearEvents()
      await harness.fault({ on: 'login', do: 'refuse', code, number: cleo.number })
      bridge.connect()
      await bridge.closed(code)
    }
    bridge.clearEvents()
    bridge.connect()
    await bridge.online(cleo)
  })

  test('a rule applies as often as it says, to its own number only, and can be removed', async () => {
    const { id } = await harness.fault({
      on: 'out',
      do: 'withhold',
      number: '19990000000',
      match: MESSAGE,
      times: 0,
    })
    await ann.send({ to: cleo.number, text: 'not held up' })
    await bridge.waitForText('not held up')
    const [fault] = await harness
      .get<{ id: number; struck: number; do: string }[]>('/faults')
      .then((all) => all.filter((one) => one.id === id))
    assert.deepEqual([fault?.struck, fault?.do], [0, 'withhold'])
    await harness.delete(`/faults/${id}`)
    await assert.rejects(harness.delete(`/faults/${id}`), /404/)
    await harness.delete('/faults')
    assert.deepEqual(await harness.get('/faults'), [])
    const recorded = await harness.get<{ tag: string; direction: string }[]>('/stanzas')
    assert.ok(recorded.some(({ tag, direction }) => tag === 'success' && direction === 'out'))
  })

  test('a device that is removed by a 401 stays out', async () => {
    bridge.clearEvents()
    await harness.post('/stream-error', { number: cleo.number, code: 401 })
    await bridge.closed(401)
    assert.equal((await cleo.view()).companions.length, 0)
  })
})
