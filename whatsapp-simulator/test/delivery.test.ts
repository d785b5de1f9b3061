import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bridge, textOf } from './bridge.ts'
import { eventually, Rig, type SimulatedPhone } from './rig.ts'

describe('delivery', () => {
  let rig: Rig
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bridge: Bridge

  before(async () => {
    rig = await Rig.start()
    cleo = await rig.phone('15550000000', { name: 'Cleo' })
    ann = await rig.phone('15551234567', { name: 'Ann' })
    bridge = await Bridge.linked(rig, cleo)
    await bridge.hears('messaging-history.set')
  })
  after(() => rig.stop())

  test('what is sent while the client is away waits, in order, and comes as an offline batch', async () => {
    await bridge.hangUp(cleo)
    const batch = Array.from({ length: 30 }, (_, n) => ({ to: cleo.number, text: `offline ${n}` }))
    const { ids } = await rig.post<{ ids: string[] }>(ann.path('messages'), { batch })
    assert.equal((await cleo.companion()).queued, 30)
    bridge.connect()
    const { type } = await bridge.getsText('offline 29')
    assert.equal(type, 'append')
    await cleo.companion('settled')
    const mine = (await rig.book(ann, cleo)).filter(({ id }) => ids.includes(id))
    assert.deepEqual(
      mine.map(({ id }) => id),
      ids,
    )
    assert.ok(mine.every(({ state, sends }) => state === 'receipted' && sends === 1))
  })

  test('what is not receipted is delivered again at the next login', async () => {
    const withheld = await rig.fault({ on: 'in', do: 'withhold', match: { tag: 'receipt' }, times: 0 })
    await ann.send({ to: cleo.number, text: 'unreceipted' })
    await bridge.getsText('unreceipted')
    assert.equal((await cleo.companion()).queued, 1)
    await rig.delete(`/faults/${withheld.id}`)
    await rig.post('/connections/drop', { number: cleo.number })
    await cleo.companion('settled')
    const delivery = (await rig.book(ann, cleo)).at(-1)
    assert.deepEqual(
      [delivery?.sends, delivery?.nacks],
      [2, [487]],
      'a client without a journal refuses what it has read before',
    )
  })

  test('an offline batch can be held, flushed in part and cut off before its end', async () => {
    await bridge.hangUp(cleo)
    await rig.post('/offline', { number: cleo.number, action: 'hold' })
    for (const n of [0, 1, 2, 3]) await ann.send({ to: cleo.number, text: `held ${n}` })
    bridge.forget()
    bridge.connect()
    await eventually(async () => (await cleo.companion()).online, 'online')
    await eventually(() => bridge.updates.some(({ connection }) => connection === 'open'), 'open')
    assert.deepEqual(await rig.post('/offline', { number: cleo.number, action: 'flush', count: 2 }), {
      delivered: 2,
    })
    await eventually(async () => (await cleo.companion()).queued === 2, 'two receipts')
    assert.equal(bridge.count('held 0'), 0, 'Baileys keeps its events back until the end marker')
    await rig.post('/connections/drop', { number: cleo.number })
    await bridge.closed(428)
    await eventually(
      () => bridge.updates.filter(({ connection }) => connection === 'open').length === 2,
      'open again',
    )
    assert.deepEqual(await rig.post('/offline', { number: cleo.number, action: 'release' }), { delivered: 2 })
    await bridge.getsText('held 3')
    assert.equal(
      bridge.count('held 0'),
      0,
      'what was receipted before the drop is lost to a client without a journal',
    )
  })

  test('a message sent twice under one id is one bubble and two deliveries', async () => {
    const first = await bridge.send(ann.jid, { text: 'once' })
    await bridge.send(ann.jid, { text: 'once' }, { messageId: first.key.id ?? '' })
    await ann.sees(({ id, repeat }) => id === first.key.id && repeat === true, 'deliveries')
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
      await rig.fault({ on: 'decrypt', do: 'refuse', number: ann.number })
      const sent = await bridge.send(ann.jid, { text: `unreadable ${cached}` })
      if (!cached) bridge.socket.messageRetryManager?.clear()
      await ann.sees(({ id, kind }) => id === sent.key.id && kind === 'undecryptable')
      assert.equal(
        (await ann.sees(({ id, kind }) => id === sent.key.id && kind === 'text')).text,
        `unreadable ${cached}`,
      )
    }
  })

  test('what a client cannot read it asks for again, and the phone sends it again', async () => {
    bridge.lose('session')
    const id = await ann.send({ to: cleo.number, text: 'lost session' })
    await bridge.getsText('lost session')
    await cleo.companion('settled')
    const entry = (await rig.book(ann, cleo)).find((one) => one.id === id)
    assert.deepEqual([entry?.state, entry?.retries, entry?.nacks], ['receipted', 1, [500]])
    assert.ok(((await cleo.companion()).counters?.retries ?? 0) >= 1)
  })

  test('the same goes for the copies that the own phone and its devices give each other', async () => {
    bridge.lose('session')
    await cleo.send({ to: ann.number, text: 'copy of mine' })
    const { message } = await bridge.gets((one) => textOf(one) === 'copy of mine')
    assert.deepEqual([message.key.fromMe, message.key.remoteJid], [true, ann.jid])
    await rig.fault({ on: 'decrypt', do: 'refuse', number: cleo.number })
    const sent = await bridge.send(ann.jid, { text: 'copy of yours' })
    const copy = await cleo.sees(({ id, kind }) => id === sent.key.id && kind === 'text')
    assert.deepEqual([copy.fromMe, copy.chat], [true, ann.number])
  })

  test('a hundred messages each way at once arrive, all, once and in order', async () => {
    const numbers = Array.from({ length: 100 }, (_, n) => n)
    await Promise.all([
      rig.post(ann.path('messages'), { batch: numbers.map((n) => ({ to: cleo.number, text: `in ${n}` })) }),
      (async () => {
        for (const n of numbers) await bridge.send(ann.jid, { text: `out ${n}` })
      })(),
    ])
    await ann.sees(({ text }) => text === 'out 99')
    const out = (await ann.entries()).filter(({ text }) => String(text).startsWith('out '))
    assert.deepEqual(
      out.map(({ text }) => text),
      numbers.map((n) => `out ${n}`),
    )
    await cleo.companion('settled')
    await bridge.getsText('in 99')
    const book = (await rig.book(ann, cleo)).slice(-100)
    assert.ok(book.every(({ state }) => state === 'receipted'))
  })
})
