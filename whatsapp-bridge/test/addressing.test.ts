import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ANN, ANN_JID, BOB, type Bubble, CLEO, cleanUp, linkedSystem, until } from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()
const { lid: annLid } = await simulator.call<{ lid: string }>('GET', `/phones/${ANN}`)
await simulator.call('POST', '/stanzas', { record: true })

type Recorded = { seq: number; direction: string; tag: string; attrs: Record<string, string> }

/** Return the stanzas of a kind that the bridge has sent to somebody. */
const sent = async (tag: string, to: string): Promise<Recorded[]> =>
  (await simulator.call<Recorded[]>('GET', '/stanzas')).filter(
    (one) => one.direction === 'in' && one.tag === tag && one.attrs.to === to,
  )

const shown = async (number: string, text: string) =>
  (await simulator.call<(Bubble & { addressing: string })[]>('GET', `/phones/${number}/messages`)).filter(
    (bubble) => bubble.text === text,
  )

/** Have every message to one kind of address refused. @returns how to end that. */
async function refusing(addressing: 'pn' | 'lid', code: number): Promise<() => Promise<unknown>> {
  const match = { tag: 'message', addressing }
  const { id } = await simulator.fault({ on: 'in', do: 'refuse', code, match, times: 0 })
  return () => simulator.call('DELETE', `/faults/${id}`)
}

test('a person whose LID is known is answered, typed to and read there; the number is named beside it', async () => {
  const end = await refusing('pn', 463)
  const id = await simulator.send(ANN, { to: CLEO, text: 'by my LID', lid: true })
  await agent.text('by my LID')
  const { status, body } = await bridge.post('/send', {
    to: ANN_JID,
    text: 'answer',
    quoted: { messageId: id, text: 'by my LID' },
  })
  assert.equal(status, 200)
  const [bubble] = await shown(ANN, 'answer')
  assert.deepEqual([bubble?.id, bubble?.addressing, bubble?.quote?.id], [body.messageId, 'lid', id])
  const [stanza] = await sent('message', annLid)
  assert.equal(stanza?.attrs.peer_recipient_pn, ANN_JID)
  assert.equal((await bridge.post('/react', { to: ANN_JID, messageId: id, emoji: '👍' })).status, 200)
  assert.equal((await bridge.post('/typing', { to: ANN_JID })).status, 200)
  assert.equal((await bridge.post('/read', { to: ANN_JID, messageIds: [id] })).status, 200)
  await until('the blue ticks', async () =>
    (await sent('receipt', annLid)).some(({ attrs }) => attrs.type === 'read'),
  )
  assert.equal((await sent('chatstate', annLid)).length, 1)
  assert.deepEqual(await sent('message', ANN_JID), [])
  assert.deepEqual(await sent('chatstate', ANN_JID), [])
  await agent.event(
    'the receipt',
    (e) => e.receipt === 'delivered' && e.receiptFor?.[0] === body.messageId && e.from === ANN_JID,
  )
  await end()
})

test('an address that is refused is left for the other one, once, under the same id', async () => {
  for (const code of [400, 463, 479]) {
    const end = await refusing('lid', code)
    const text = `other address after ${code}`
    const { status, body } = await bridge.post('/send', { to: annLid, text }, `other-${code}`)
    assert.equal(status, 200)
    const bubbles = await shown(ANN, text)
    assert.deepEqual(
      bubbles.map(({ id, addressing, deliveries }) => [id, addressing, deliveries]),
      [[body.messageId, 'pn', 1]],
    )
    await end()
    const again = await bridge.post('/send', { to: annLid, text }, `other-${code}`)
    assert.deepEqual(again.body, { ...body, repeated: true })
  }
})

test('refused at both addresses, it is refused; other refusals do not try the other address', async () => {
  for (const [code, tries] of [
    [463, 2],
    [421, 1],
  ] as const) {
    const ends = [await refusing('lid', code), await refusing('pn', code)]
    const refused = await bridge.post('/send', { to: ANN_JID, text: `both ${code}` }, `both-${code}`)
    assert.deepEqual([refused.status, refused.body.error, refused.body.code], [422, 'refused', code])
    const faults = await simulator.call<{ struck: number }[]>('GET', '/faults')
    assert.equal(
      faults.reduce((sum, { struck }) => sum + struck, 0),
      tries,
    )
    for (const end of ends) await end()
    const repeated = await bridge.post('/send', { to: ANN_JID, text: `both ${code}` }, `both-${code}`)
    assert.equal(repeated.status, 422)
  }
  assert.deepEqual(await shown(ANN, 'both 463'), [])
})

test('a number without a known LID is written to as it is, and its LID is tried when that is refused', async () => {
  const end = await refusing('pn', 463)
  const { status } = await bridge.post('/send', { to: `+${BOB}`, text: 'first words' })
  assert.equal(status, 200)
  assert.deepEqual(
    (await shown(BOB, 'first words')).map(({ addressing }) => addressing),
    ['lid'],
  )
  await end()
})

test('files, and a note to the own number, find their way as well', async () => {
  const end = await refusing('pn', 463)
  const form = new FormData()
  form.set('to', ANN_JID)
  form.set('caption', 'a file')
  form.set('file', new Blob(['hello'], { type: 'text/plain' }), 'a.txt')
  assert.equal((await bridge.fetch('POST', '/send-media', { body: form })).status, 200)
  await simulator.bubble(ANN, ({ caption }) => caption === 'a file')
  assert.equal((await bridge.post('/send', { to: CLEO, text: 'note to self' })).status, 200)
  await end()
})

test('a refusal that comes when nobody waits any more sends to the other address all the same', async () => {
  const ends = await refusing('lid', 463)
  const acks = { on: 'out', match: { tag: 'ack', class: 'message' } }
  await simulator.fault({ ...acks, do: 'delay', ms: 21_000, overtake: true })
  const late = await bridge.post('/send', { to: ANN_JID, text: 'late refusal' }, 'late-refusal')
  assert.equal(late.status, 504)
  const bubble = await simulator.bubble(ANN, ({ text }) => text === 'late refusal')
  await agent.event('“sent”', (e) => e.receipt === 'sent' && e.receiptFor?.[0] === bubble.id)
  await ends()
})

/** A person whose LID nobody knows, and who has written by phone number. */
async function withoutLid(number: string): Promise<{ jid: string; lid: string }> {
  const phone = await simulator.call<{ jid: string; lid: string }>('POST', '/phones', {
    number,
    lidHidden: true,
  })
  await simulator.send(number, { to: CLEO, text: `first of ${number}`, altJid: false })
  await agent.text(`first of ${number}`)
  await simulator.ledger(5000)
  return phone
}

const retried = async () =>
  (await simulator.ledger(5000)).filter(({ retries, state }) => retries > 0 || state !== 'receipted')

test('when the LID of a number becomes known late, the session goes with it: nothing is asked for again', async () => {
  const [dan, eve, fay] = ['15551110001', '15551110002', '15551110003'] as const
  for (const number of [dan, eve, fay]) await withoutLid(number)
  // beside a message
  await simulator.send(dan, { to: CLEO, text: 'second of dan' })
  // in a message that is addressed by it
  await simulator.send(eve, { to: CLEO, text: 'second of eve', lid: true })
  // from the server, before the message
  const { jid, lid } = await simulator.call<{ jid: string; lid: string }>('GET', `/phones/${fay}`)
  const profiles = { data: { xwa2_notify_linked_profiles: { jid: lid, added_profiles: [{ pn: jid }] } } }
  await simulator.call('POST', `/phones/${CLEO}/stanzas`, {
    stanza: {
      tag: 'notification',
      attrs: { from: 's.whatsapp.net', type: 'mex' },
      content: [
        {
          tag: 'update',
          attrs: { op_name: 'NotificationLinkedProfilesUpdates' },
          content: JSON.stringify(profiles),
        },
      ],
    },
  })
  await simulator.call('GET', `/phones/${CLEO}/companions/any?until=settled&wait=5000`)
  await simulator.send(fay, { to: CLEO, text: 'second of fay', altJid: false })
  for (const name of ['dan', 'eve', 'fay']) await agent.text(`second of ${name}`)
  assert.deepEqual(await retried(), [])
  for (const number of [dan, eve, fay]) {
    assert.equal((await bridge.post('/send', { to: number, text: 'back' })).status, 200)
    await simulator.bubble(number, ({ text }) => text === 'back')
    await simulator.send(number, { to: CLEO, text: `third of ${number}` })
    await agent.text(`third of ${number}`)
  }
  assert.deepEqual(await retried(), [])
})
