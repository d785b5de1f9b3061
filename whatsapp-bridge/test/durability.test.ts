import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ANN, BOB, CLEO, cleanUp, linkedSystem, until } from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()

const batch = (from: string, texts: string[], more: object = {}) =>
  simulator.call('POST', `/phones/${from}/messages`, {
    batch: texts.map((text) => ({ to: CLEO, text, ...more })),
  })

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`)

const received = (prefix: string) =>
  agent.events.map(({ text }) => text ?? '').filter((text) => text.startsWith(`${prefix} `))

const settled = () => simulator.ledger(20_000)

test('an offline batch whose connection breaks before its end: all arrive, once, in order', async () => {
  await bridge.kill()
  const texts = numbered('offline', 50)
  await batch(ANN, texts)
  await simulator.call('POST', '/offline', { number: CLEO, action: 'hold' })
  await bridge.start()
  await bridge.connected()
  await simulator.call('POST', '/offline', { number: CLEO, action: 'flush', count: 50 })
  await settled()
  await simulator.call('POST', '/connections/drop', {})
  await simulator.call('POST', '/offline', { number: CLEO, action: 'release' })
  await until('all 50', () => received('offline').length >= 50)
  await bridge.connected()
  assert.deepEqual(received('offline'), texts)
  assert.ok(agent.events.filter(({ text }) => text?.startsWith('offline')).every((event) => event.offline))
})

test('the agent is down for 200 messages and the bridge restarts meanwhile: all are delivered, once, in order', async () => {
  await agent.close()
  const texts = numbered('spooled', 200)
  await batch(ANN, texts.slice(0, 120))
  await batch(BOB, numbered('bobs', 20))
  await settled()
  await bridge.restart()
  assert.equal((await bridge.health()).spool, 140)
  assert.match(
    await until('a word about it', async () => {
      const { message } = await bridge.health()
      return message.includes('agent') ? message : undefined
    }),
    /agent cannot be reached/,
  )
  await batch(ANN, texts.slice(120))
  await settled()
  await agent.listen()
  await until('all of them', () => received('spooled').length >= 200 && received('bobs').length >= 20, 40_000)
  assert.deepEqual(received('spooled'), texts)
  assert.deepEqual(received('bobs'), numbered('bobs', 20))
  assert.equal((await bridge.health()).spool, 0)
  const order = agent.events.map(({ seq }) => seq ?? 0)
  assert.equal(new Set(order).size, order.length)
})

test('kill -9 in the middle of a burst: nothing is lost, nothing comes twice, each chat keeps its order', async () => {
  const { id: group } = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'Burst',
    members: [CLEO, ANN, BOB],
    lid: true,
  })
  const direct = numbered('direct', 100)
  const grouped = numbered('group', 100)
  const burst = async (from: string, texts: string[], address: object) => {
    for (const text of texts) {
      await simulator.send(from, { text, ...address })
      await sleep(15)
    }
  }
  const bursts = Promise.all([burst(ANN, direct, { to: CLEO }), burst(BOB, grouped, { group })])
  for (let kill = 0; kill < 4; kill += 1) {
    await sleep(150 + Math.random() * 250)
    await bridge.restart()
  }
  await bursts
  await settled()
  const distinct = (prefix: string) => [...new Set(received(prefix))]
  await until(
    'all of them',
    () => distinct('direct').length === 100 && distinct('group').length === 100,
    30_000,
  ).catch(() => {})
  assert.deepEqual(distinct('direct'), direct)
  assert.deepEqual(distinct('group'), grouped)
  // killed between the agent's 200 and our note of it, the same event comes again: with the same number
  const numbers = new Map<string, number | null | undefined>()
  for (const { text, seq } of agent.events) {
    if (text && numbers.has(text))
      assert.equal(numbers.get(text), seq, 'the same message under another number')
    if (text) numbers.set(text, seq)
  }
})

test('receipts of our sends survive a kill right after they arrived', async () => {
  await agent.close()
  const { body } = await bridge.post('/send', { to: ANN, text: 'receipt me' })
  const id = String(body.messageId)
  await until('the receipt in the spool', async () => ((await bridge.health()).spool ?? 0) > 0)
  await bridge.kill()
  await agent.listen()
  await bridge.start()
  await agent.event('the receipt', (event) => event.receipt === 'delivered' && event.receiptFor?.[0] === id)
})

test('a stanza that WhatsApp delivers twice is one event', async () => {
  await simulator.fault({ on: 'out', do: 'duplicate', match: { tag: 'message' } })
  await simulator.send(ANN, { to: CLEO, text: 'sent twice by WhatsApp' })
  await agent.text('sent twice by WhatsApp')
  await simulator.send(ANN, { to: CLEO, text: 'after it' })
  await agent.text('after it')
  assert.equal(agent.events.filter(({ text }) => text === 'sent twice by WhatsApp').length, 1)
})

test('a receipt that never reached WhatsApp: the redelivered message is receipted and comes to the agent once', async () => {
  const { id: group } = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'G',
    members: [CLEO, ANN],
  })
  for (const [text, address] of [
    ['unreceipted direct', { to: CLEO }],
    ['unreceipted group', { group }],
  ] as const) {
    await simulator.fault({ on: 'in', do: 'drop', match: { tag: 'receipt' } })
    await simulator.send(ANN, { text, ...address })
    await agent.text(text)
    await until('the redelivery', async () => {
      const ledger = await simulator.ledger()
      return ledger.every(({ state }) => state === 'receipted')
    })
    await simulator.send(ANN, { text: `${text}, next`, ...address })
    await agent.text(`${text}, next`)
    assert.equal(agent.events.filter((event) => event.text === text).length, 1)
  }
})

test('first messages that cross, and forty more each way: all readable on both sides, none asked for again', async () => {
  const dana = '15553334444'
  await simulator.phone(dana, { name: 'Dana' })
  const mine = numbered('crossing out', 40)
  const theirs = numbered('crossing in', 40)
  const out = async () => {
    for (const text of mine) assert.equal((await bridge.post('/send', { to: dana, text })).status, 200)
  }
  const inwards = async () => {
    for (const text of theirs) {
      await simulator.send(dana, { to: CLEO, text })
      await sleep(Math.random() * 10)
    }
  }
  // both first messages are under way before either arrives: each side now has two sessions
  await simulator.fault({ on: 'in', do: 'delay', ms: 300, match: { tag: 'message' }, overtake: true })
  await simulator.fault({ on: 'out', do: 'delay', ms: 300, match: { tag: 'message' } })
  await Promise.all([out(), inwards()])
  await until('all in', () => received('crossing in').length >= 40)
  assert.deepEqual(received('crossing in'), theirs)
  for (const text of mine)
    await simulator.bubble(dana, (bubble) => bubble.text === text && bubble.kind === 'text')
  const retried = (await simulator.ledger()).filter(({ retries }) => retries > 0)
  assert.deepEqual(retried, [], 'asked for again')
})

test('group messages that overtake each other are all readable, none asked for again', async () => {
  const members = [CLEO, ANN, BOB]
  const { id: group } = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'Reordered',
    members,
  })
  await simulator.send(BOB, { group, text: 'shuffled first' })
  await agent.text('shuffled first')
  const match = { tag: 'message', from: group }
  await simulator.fault({ on: 'out', do: 'reorder', by: 3, match })
  for (const text of numbered('shuffled', 6)) await simulator.send(BOB, { group, text })
  await until('all six', () => received('shuffled').length >= 7)
  const retried = (await simulator.ledger()).filter(({ retries }) => retries > 0)
  assert.deepEqual(retried, [], 'asked for again')
})

test('a session that the bridge has lost is set up again, and the message arrives once', async () => {
  await bridge.kill()
  const db = new DatabaseSync(join(bridge.data, 'bridge.db'))
  db.exec(`delete from auth where type = 'session'`)
  db.close()
  await bridge.start()
  await bridge.connected()
  await simulator.send(ANN, { to: CLEO, text: 'to a lost session' })
  await agent.text('to a lost session')
  assert.equal(agent.events.filter(({ text }) => text === 'to a lost session').length, 1)
  assert.ok(!agent.events.some(({ kind }) => kind === 'undecryptable'))
})
