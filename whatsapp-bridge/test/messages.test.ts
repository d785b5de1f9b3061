import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ANN, ANN_JID, BOB, CLEO, cleanUp, linkedSystem, until } from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()
const BOB_JID = `${BOB}@s.whatsapp.net`
const bob = await simulator.call<{ lid: string }>('GET', `/phones/${BOB}`)

test('a text arrives with the first specification’s fields, and a reply to a spelled-out number arrives at the phone', async () => {
  const id = await simulator.send(ANN, { to: CLEO, text: 'hello' })
  const event = await agent.text('hello')
  assert.equal(event.from, ANN_JID)
  assert.equal(event.senderId, ANN_JID)
  assert.equal(event.messageId, id)
  assert.equal(event.senderName, 'Ann')
  assert.equal(event.account, `${CLEO}@s.whatsapp.net`)
  assert.ok(Math.abs(event.timestamp - Date.now()) < 60_000)
  const sent = await bridge.post('/send', { to: '+1 (555) 123-4567', text: 'hi *Ann*' })
  assert.equal(sent.status, 200)
  const bubble = await simulator.bubble(ANN, ({ text }) => text === 'hi *Ann*')
  assert.equal(bubble.id, sent.body.messageId)
})

test('receipts: delivered, then read', async () => {
  const { body } = await bridge.post('/send', { to: ANN_JID, text: 'did you get it?' })
  const id = String(body.messageId)
  const delivered = await agent.event(
    'delivery',
    (e) => e.receipt === 'delivered' && e.receiptFor?.[0] === id,
  )
  assert.equal(delivered.from, ANN_JID)
  await simulator.call('POST', `/phones/${ANN}/read`, { id, to: CLEO })
  await agent.event('blue ticks', (e) => e.receipt === 'read' && e.receiptFor?.[0] === id)
})

test('reactions, set and taken back, in both directions', async () => {
  const { body } = await bridge.post('/send', { to: ANN_JID, text: 'Confirm?' })
  const mine = String(body.messageId)
  await simulator.bubble(ANN, ({ id }) => id === mine)
  await simulator.send(ANN, { to: CLEO, reaction: { id: mine, emoji: '👍' } })
  const set = await agent.event('the reaction', (e) => e.reaction === '👍')
  assert.equal(set.reactsToMessageId, mine)
  assert.equal(set.from, ANN_JID)
  await simulator.send(ANN, { to: CLEO, reaction: { id: mine, emoji: '' } })
  const removed = await agent.event('its removal', (e) => e.reaction === '')
  assert.equal(removed.reactsToMessageId, mine)

  const theirs = await simulator.send(ANN, { to: CLEO, text: 'react to me' })
  await agent.text('react to me')
  for (const emoji of ['❤️', '']) {
    const { status } = await bridge.post('/react', { to: ANN_JID, messageId: theirs, emoji })
    assert.equal(status, 200)
    await simulator.bubble(ANN, ({ reaction }) => reaction?.id === theirs && reaction.emoji === emoji)
  }
})

test('quotes in both directions', async () => {
  const { body } = await bridge.post('/send', { to: ANN_JID, text: 'which one?' })
  await simulator.bubble(ANN, ({ text }) => text === 'which one?')
  const answer = await simulator.send(ANN, {
    to: CLEO,
    text: 'this one',
    quote: { id: body.messageId, text: 'which one?' },
  })
  const event = await agent.text('this one')
  assert.deepEqual(event.quoted, {
    messageId: body.messageId,
    senderId: `${CLEO}@s.whatsapp.net`,
    text: 'which one?',
  })
  await bridge.post('/send', { to: ANN_JID, text: 'fine', quoted: { messageId: answer, text: 'this one' } })
  const bubble = await simulator.bubble(ANN, ({ text }) => text === 'fine')
  assert.equal(bubble.quote?.id, answer)
  assert.equal(bubble.quote?.text, 'this one')
})

test('edits and revokes name the message that they change', async () => {
  const id = await simulator.send(ANN, { to: CLEO, text: 'tpyo' })
  await simulator.send(ANN, { to: CLEO, edit: { id, text: 'typo' } })
  const edit = await agent.event('the edit', (e) => e.kind === 'edit')
  assert.equal(edit.edits, id)
  assert.equal(edit.text, 'typo')
  await simulator.send(ANN, { to: CLEO, revoke: { id } })
  const revoke = await agent.event('the revoke', (e) => e.kind === 'revoke')
  assert.equal(revoke.revokes, id)
})

test('location, contact, poll, vote, view once, disappearing, forwarded and an unknown kind all become events', async () => {
  await simulator.send(ANN, { to: CLEO, location: { latitude: 52.5, longitude: 13.4, name: 'Berlin' } })
  const place = await agent.event('the place', (e) => e.kind === 'location')
  assert.deepEqual(place.location, { latitude: 52.5, longitude: 13.4, name: 'Berlin' })
  await simulator.send(ANN, { to: CLEO, contact: { name: 'Bob', number: BOB } })
  assert.equal((await agent.event('the contact', (e) => e.kind === 'contact')).text, `Bob, +${BOB}`)
  const poll = await simulator.send(ANN, { to: CLEO, poll: { name: 'Lunch?', options: ['yes', 'no'] } })
  assert.match((await agent.event('the poll', (e) => e.kind === 'poll')).text ?? '', /^Lunch\?\n- yes\n- no$/)
  await simulator.send(ANN, { to: CLEO, vote: { id: poll, options: ['yes'] } })
  await agent.event('the vote', (e) => e.kind === 'poll_vote')
  await simulator.send(ANN, { to: CLEO, text: 'gone soon', ephemeral: 3600 })
  await agent.text('gone soon')
  await simulator.send(ANN, { to: CLEO, text: 'passed on', forwarded: true })
  assert.equal((await agent.text('passed on')).forwarded, true)
  await simulator.send(ANN, { to: CLEO, raw: { requestPhoneNumberMessage: {} } })
  await agent.event('the unknown kind', (e) => e.kind === 'request_phone_number')
})

test('a LID-addressed message and a phone-addressed one are one chat with one sender', async () => {
  await simulator.send(BOB, { to: CLEO, text: 'by phone' })
  await simulator.send(BOB, { to: CLEO, text: 'by lid', lid: true })
  await simulator.send(BOB, { to: CLEO, text: 'by lid alone', lid: true, altJid: false })
  for (const text of ['by phone', 'by lid', 'by lid alone']) {
    const event = await agent.text(text)
    assert.equal(event.from, BOB_JID)
    assert.equal(event.senderId, BOB_JID)
    assert.deepEqual(event.senderAliases, [bob.lid])
  }
})

for (const lid of [false, true])
  test(`a group whose members are addressed by ${lid ? 'LID' : 'phone number'}`, async () => {
    const { id: group } = await simulator.call<{ id: string }>('POST', '/groups', {
      subject: 'Family',
      members: [CLEO, ANN, BOB],
      lid,
    })
    const question = await simulator.send(ANN, { group, text: `in ${group}` })
    const event = await agent.text(`in ${group}`)
    assert.equal(event.from, group)
    assert.equal(event.senderId, ANN_JID)
    assert.equal(event.isGroup, true)
    for (const text of [`out ${group}`, `again ${group}`]) {
      assert.equal((await bridge.post('/send', { to: group, text })).status, 200)
      for (const number of [ANN, BOB]) await simulator.bubble(number, (bubble) => bubble.text === text)
    }
    const { status } = await bridge.post('/react', {
      to: group,
      messageId: question,
      emoji: '👍',
      senderId: ANN_JID,
    })
    assert.equal(status, 200)
    await simulator.bubble(BOB, ({ reaction }) => reaction?.id === question)
  })

test('what the own phone writes comes as context, and Cleo’s own sends do not come back', async () => {
  await simulator.send(CLEO, { to: ANN, text: 'written by hand' })
  const event = await agent.text('written by hand')
  assert.equal(event.fromMe, true)
  assert.equal(event.from, ANN_JID)
  assert.equal(event.senderId, `${CLEO}@s.whatsapp.net`)
  assert.ok(!agent.events.some(({ text }) => text === 'hi *Ann*'))
})

test('typing and read receipts reach the phone', async () => {
  const id = await simulator.send(ANN, { to: CLEO, text: 'seen?' })
  await agent.text('seen?')
  assert.equal((await bridge.post('/typing', { to: ANN_JID })).status, 200)
  assert.equal((await bridge.post('/read', { to: ANN_JID, messageIds: [id] })).status, 200)
  await until('“typing…”', async () => {
    const seen = await simulator.call<{ state: string }[]>('GET', `/phones/${ANN}/presence`)
    return seen.some(({ state }) => state === 'composing')
  })
  await until('blue ticks', async () => {
    const seen = await simulator.call<{ id: string; type: string }[]>('GET', `/phones/${ANN}/receipts`)
    return seen.some((receipt) => receipt.type === 'read' && receipt.id === id)
  })
})

test('status broadcasts are ignored and counted', async () => {
  await simulator.send(ANN, { to: CLEO, text: 'my holiday', broadcast: true })
  await until('the count', async () => ((await bridge.health()).counters?.ignored_status ?? 0) > 0)
  await simulator.send(ANN, { to: CLEO, text: 'after the holiday' })
  await agent.text('after the holiday')
  assert.ok(!agent.events.some(({ text }) => text === 'my holiday'))
})

test('a phone that cannot decrypt asks again and gets it, also after a restart of the bridge', async () => {
  await simulator.fault({ on: 'decrypt', do: 'refuse', code: 500, number: ANN })
  await bridge.post('/send', { to: ANN_JID, text: 'waiting for this message' })
  await simulator.bubble(ANN, ({ text }) => text === 'waiting for this message')
  await bridge.restart()
  await simulator.fault({ on: 'decrypt', do: 'refuse', code: 500, number: ANN })
  await bridge.post('/send', { to: ANN_JID, text: 'and for this one' })
  await simulator.bubble(ANN, ({ text }) => text === 'and for this one')
})

test('no number, name or text is in a log', () => {
  for (const word of [ANN, BOB, CLEO, 'hello', 'Ann', 'Berlin'])
    assert.ok(!bridge.stderr.includes(word), word)
})
