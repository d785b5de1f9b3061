import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bridge, textOf } from './bridge.ts'
import { eventually, Harness, type SimulatedPhone } from './harness.ts'

describe('delivery', () => {
  let harness: Harness
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bridge: Bridge

  before(async () => {
    harness = await Harness.start()
    cleo = await harness.phone('15550000000', { name: 'Cleo' })
    ann = await harness.phone('15551234567', { name: 'Ann' })
    bridge = await Bridge.linked(harness, cleo)
    await bridge.waitForEvent('messaging-history.set')
  })
  after(() => harness.stop())

  test('what is sent while the client is away waits, in order, and comes as an offline batch', async () => {
    await bridge.disconnect(cleo)
    const batch = Array.from({ length: 30 }, (_, n) => ({ to: cleo.number, text: `offline ${n}` }))
    const { ids } = await harness.post<{ ids: string[] }>(ann.path('messages'), { batch })
    assert.equal((await cleo.companion()).queued, 30)
    bridge.connect()
    const { type } = await bridge.waitForText('offline 29')
    assert.equal(type, 'append')
    await cleo.companion('settled')
    const mine = (await harness.ledger(ann, cleo)).filter(({ id }) => ids.includes(id))
    assert.deepEqual(
      mine.map(({ id }) => id),
      ids,
    )
    assert.ok(mine.every(({ state, sends }) => state === 'receipted' && sends === 1))
  })

  test('what is not receipted is delivered again at the next login', async () => {
    const withheld = await harness.fault({ on: 'in', do: 'withhold', match: { tag: 'receipt' }, times: 0 })
    await ann.send({ to: cleo.number, text: 'unreceipted' })
    await bridge.waitForText('unreceipted')
    assert.equal((await cleo.companion()).queued, 1)
    await harness.delete(`/faults/${withheld.id}`)
    await harness.post('/connections/drop', { number: cleo.number })
    await cleo.companion('settled')
    const delivery = (await harness.ledger(ann, cleo)).at(-1)
    assert.deepEqual(
      [delivery?.sends, delivery?.nacks],
      [2, [487]],
      'a client without a journal refuses what it has read before',
    )
  })

  test('an offline batch can be held, flushed in part and cut off before its end', async () => {
    await bridge.disconnect(cleo)
    await harness.post('/offline', { number: cleo.number, action: 'hold' })
    for (const n of [0, 1, 2, 3]) await ann.send({ to: cleo.number, text: `held ${n}` })
    bridge.clearEvents()
    bridge.connect()
    await eventually(async () => (await cleo.companion()).online, 'online')
    await eventually(() => bridge.updates.some(({ connection }) => connection === 'open'), 'open')
    assert.deepEqual(await harness.post('/offline', { number: cleo.number, action: 'flush', count: 2 }), {
      delivered: 2,
    })
    await eventually(async () => (await cleo.companion()).queued === 2, 'two receipts')
    assert.equal(bridge.count('held 0'), 0, 'Baileys keeps its events back until the end marker')
    await harness.post('/connections/drop', { number: cleo.number })
    await bridge.closed(428)
    await eventually(
      () => bridge.updates.filter(({ connection }) => connection === 'open').length === 2,
      'open again',
    )
    assert.deepEqual(await harness.post('/offline', { number: cleo.number, action: 'release' }), {
      delivered: 2,
    })
    await bridge.waitForText('held 3')
    assert.equal(
      bridge.count('held 0'),
      0,
      'what was receipted before the drop is lost to a client without a journal',
    )
  })

  test('a message sent twice under one id is one bubble and two deliveries', async () => {
    const first = await bridge.send(ann.jid, { text: 'once' })
    await bridge.send(ann.jid, { text: 'once' }, { messageId: first.key.id ?? '' })
    await ann.waitFor(({ id, repeat }) => id === first.key.id && repeat === true, 'deliveries')
    const bubbles = (await ann.entries()).filter(({ id }) => id === first.key.id)
    assert.deepEqual(
      bubbles.map(({ deliveries }) => deliveries),
      [2],
    )
    await ann.send({ to: cleo.number, text: 'twice in', id: 'TWICE' })
    await ann.send({ to: cleo.number, text: 'twice in', id: 'TWICE' })
    await eventually(() => bridge.count('twice in') === 2, 'both')
  })

  test('what a phone cannot read it asks for again, and the client sends it again', async () => {
    for (const cached of [true, false]) {
      await harness.fault({ on: 'decrypt', do: 'refuse', number: ann.number })
      const sent = await bridge.send(ann.jid, { text: `unreadable ${cached}` })
      if (!cached) bridge.socket.messageRetryManager?.clear()
      await ann.waitFor(({ id, kind }) => id === sent.key.id && kind === 'undecryptable')
      assert.equal(
        (await ann.waitFor(({ id, kind }) => id === sent.key.id && kind === 'text')).text,
        `unreadable ${cached}`,
      )
    }
  })

  test('what a client cannot read it asks for again, and the phone sends it again', async () => {
    bridge.deleteKeys('session')
    const id = await ann.send({ to: cleo.number, text: 'lost session' })
    await bridge.waitForText('lost session')
    await cleo.companion('settled')
    const entry = (await harness.ledger(ann, cleo)).find((one) => one.id === id)
    assert.deepEqual([entry?.state, entry?.retries, entry?.nacks], ['receipted', 1, [500]])
    assert.ok(((await cleo.companion()).counters?.retries ?? 0) >= 1)
  })

  test('the same goes for the copies that the own phone and its devices give each other', async () => {
    bridge.deleteKeys('session')
    await cleo.send({ to: ann.number, text: 'copy of mine' })
    const { message } = await bridge.waitForMessage((one) => textOf(one) === 'copy of mine')
    assert.deepEqual([message.key.fromMe, message.key.remoteJid], [true, ann.jid])
    await harness.fault({ on: 'decrypt', do: 'refuse', number: cleo.number })
    const sent = await bridge.send(ann.jid, { text: 'copy of yours' })
    const copy = await cleo.waitFor(({ id, kind }) => id === sent.key.id && kind === 'text')
    assert.deepEqual([copy.fromMe, copy.chat], [true, ann.number])
  })

  test('a hundred messages each way at once showMessage, all, once and in order', async () => {
    const numbers = Array.from({ length: 100 }, (_, n) => n)
    await Promise.all([
      harness.post(ann.path('messages'), {
        batch: numbers.map((n) => ({ to: cleo.number, text: `in ${n}` })),
      }),
      (async () => {
        for (const n of numbers) await bridge.send(ann.jid, { text: `out ${n}` })
      })(),
    ])
    await ann.waitFor(({ text }) => text === 'out 99')
    const out = (await ann.entries()).filter(({ text }) => String(text).startsWith('out '))
    assert.deepEqual(
      out.map(({ text }) => text),
      numbers.map((n) => `out ${n}`),
    )
    await cleo.companion('settled')
    await bridge.waitForText('in 99')
    const book = (await harness.ledger(ann, cleo)).slice(-100)
    assert.ok(book.every(({ state }) => state === 'receipted'))
  })
})
