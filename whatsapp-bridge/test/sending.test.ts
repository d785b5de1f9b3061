import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { ANN, ANN_JID, BOB, cleanUp, linkedSystem, until } from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()

const bubbles = (number: string) =>
  simulator.call<{ text?: string; deliveries: number; id: string }[]>('GET', `/phones/${number}/messages`)

test('a key decides the message id; repeated, also after kill -9, it gives the first answer and one bubble', async () => {
  const command = { to: ANN_JID, text: 'once' }
  const first = await bridge.post('/send', command, 'outbox-17')
  const id = `3EB0${createHash('sha256').update('outbox-17').digest('hex').slice(0, 18).toUpperCase()}`
  assert.equal(first.body.messageId, id)
  assert.ok(!first.body.repeated)
  const again = await bridge.post('/send', command, 'outbox-17')
  assert.deepEqual(again.body, { ...first.body, repeated: true })
  await bridge.restart()
  const later = await bridge.post('/send', command, 'outbox-17')
  assert.deepEqual(later.body, { ...first.body, repeated: true })
  const other = await bridge.post('/send', { ...command, text: 'twice' }, 'outbox-17')
  assert.equal(other.status, 409)
  const shown = (await bubbles(ANN)).filter((bubble) => bubble.id === id)
  assert.deepEqual(
    shown.map(({ deliveries }) => deliveries),
    [1],
  )
})

test('ten requests at once with one key are one send', async () => {
  const sends = Array.from({ length: 10 }, () =>
    bridge.post('/send', { to: ANN_JID, text: 'at once' }, 'burst'),
  )
  const answers = await Promise.all(sends)
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal(answers.filter(({ body }) => !body.repeated).length, 1)
  const shown = (await bubbles(ANN)).filter(({ text }) => text === 'at once')
  assert.deepEqual(
    shown.map(({ deliveries }) => deliveries),
    [1],
  )
})

test('a nack is an error with its code and a sentence, and is never tried again', async () => {
  for (const code of [463, 479]) {
    await simulator.fault({ on: 'in', do: 'refuse', code, match: { tag: 'message' }, times: 2 })
    const refused = await bridge.post('/send', { to: ANN_JID, text: `nacked ${code}` }, `nack-${code}`)
    assert.equal(refused.status, 422)
    assert.equal(refused.body.error, 'refused')
    assert.equal(refused.body.code, code)
    const again = await bridge.post('/send', { to: ANN_JID, text: `nacked ${code}` }, `nack-${code}`)
    assert.deepEqual([again.status, again.body.code], [422, code])
  }
  assert.ok(!(await bubbles(ANN)).some(({ text }) => text?.startsWith('nacked')))
})

test('a connection that breaks before the ack is 504, and the repeat after the restart is sure', async () => {
  await simulator.fault({ on: 'in', do: 'drop', when: 'after', match: { tag: 'message' } })
  const command = { to: ANN_JID, text: 'cut' }
  const cut = await bridge.post('/send', command, 'cut')
  assert.equal(cut.status, 504)
  await bridge.connected()
  const sure = await bridge.post('/send', command, 'cut')
  assert.equal(sure.status, 200)
  const shown = (await bubbles(ANN)).filter(({ text }) => text === 'cut')
  assert.equal(shown.length, 1)
  assert.equal(shown[0]?.id, sure.body.messageId)
})

test('a number that is not on WhatsApp, and what is no number at all', async () => {
  const stranger = await bridge.post('/send', { to: '+49 151 99999999', text: 'hi' })
  assert.deepEqual([stranger.status, stranger.body.error], [422, 'unknown_recipient'])
  for (const to of ['0151 123', 'ann', '', 'x@y.z', '12@s.whatsapp.net/..']) {
    const { status, body } = await bridge.post('/send', { to, text: 'hi' })
    assert.equal(status, 422, to)
    assert.match(String(body.message), /^to /)
  }
})

test('no ack in time is 504; the same key repeats the same id; a late ack becomes a receipt', async () => {
  const acks = { on: 'out', match: { tag: 'ack', class: 'message' } }
  await simulator.fault({ ...acks, do: 'withhold' })
  const command = { to: ANN_JID, text: 'perhaps' }
  const silent = bridge.post('/send', command, 'perhaps')
  await simulator.bubble(ANN, ({ text }) => text === 'perhaps')
  await simulator.fault({ ...acks, do: 'delay', ms: 21_000, overtake: true })
  const late = bridge.post('/send', { to: ANN_JID, text: 'slow' }, 'slow')
  const slow = await simulator.bubble(ANN, ({ text }) => text === 'slow')

  const unnamed = await simulator.fault({
    on: 'in',
    do: 'withhold',
    match: { tag: 'iq', xmlns: 'usync' },
    times: 0,
  })
  const lost = await bridge.post('/send', { to: BOB, text: 'to unknown devices' }, 'devices')
  assert.equal(lost.status, 503, 'no empty message counts as success')
  assert.ok(Number(lost.headers.get('retry-after')) > 0)
  await simulator.call('DELETE', `/faults/${unnamed.id}`)
  assert.equal((await bridge.post('/send', { to: BOB, text: 'to unknown devices' }, 'devices')).status, 200)
  assert.deepEqual(
    (await bubbles(BOB)).map(({ text }) => text),
    ['to unknown devices'],
  )

  assert.deepEqual([(await silent).status, (await silent).body.error], [504, 'no_ack'])
  const sure = await bridge.post('/send', command, 'perhaps')
  assert.equal(sure.status, 200)
  const shown = (await bubbles(ANN)).filter(({ text }) => text === 'perhaps')
  assert.deepEqual(
    shown.map(({ deliveries, id }) => [deliveries, id]),
    [[2, sure.body.messageId]],
  )
  assert.equal((await late).status, 504)
  await agent.event(
    'the late “sent”',
    (event) => event.receipt === 'sent' && event.receiptFor?.[0] === slow.id,
  )
})

test('not connected: 503 with Retry-After', async () => {
  await simulator.fault({ on: 'login', do: 'withhold', times: 0 })
  await simulator.call('POST', '/connections/drop', {})
  await until('the break', async () => (await bridge.health()).state !== 'connected')
  const off = await bridge.post('/send', { to: ANN_JID, text: 'nobody there' }, 'off')
  assert.deepEqual([off.status, off.body.error], [503, 'not_connected'])
  assert.ok(Number(off.headers.get('retry-after')) > 0)
  assert.equal((await bridge.post('/typing', { to: ANN_JID })).status, 503)
})
