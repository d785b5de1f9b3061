import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { decryptPollVote } from 'baileys'
import { Bridge, textOf } from './bridge.ts'
import { Harness, type SimulatedPhone } from './harness.ts'

describe('talking', () => {
  let harness: Harness
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bob: SimulatedPhone
  let bridge: Bridge

  before(async () => {
    harness = await Harness.start()
    cleo = await harness.phone('15550000000', { name: 'Cleo' })
    ann = await harness.phone('15551234567', { name: 'Ann' })
    bob = await harness.phone('15557654321', { name: 'Bob' })
    bridge = await Bridge.linked(harness, cleo)
  })
  after(() => harness.stop())

  test('a text reaches the client; its receipt reaches the sender; the own phone shows it too', async () => {
    const id = await ann.send({ to: cleo.number, text: 'hello' })
    const { message, type } = await bridge.waitForText('hello')
    assert.equal(message.key.id, id)
    assert.equal(message.key.remoteJid, ann.jid)
    assert.equal(message.key.remoteJidAlt, (await ann.view()).lid)
    assert.equal(message.pushName, 'Ann')
    assert.equal(type, 'notify')
    const receipt = await ann.waitFor((one) => one.id === id && one.device === 1, 'receipts')
    assert.equal(receipt.from, cleo.number)
    assert.equal((await cleo.waitFor((one) => one.id === id)).text, 'hello')
    const delivery = (await harness.ledger(ann, cleo)).find((one) => one.id === id)
    assert.equal(delivery?.state, 'receipted')
  })

  test('a reply is decrypted by the phone, copied to the own phone, acknowledged, receipted and read', async () => {
    const sent = await bridge.send(ann.jid, { text: 'hi back' })
    const bubble = await ann.waitFor((one) => one.text === 'hi back')
    assert.equal(bubble.id, sent.key.id)
    assert.equal(bubble.chat, cleo.number)
    assert.match(String(bubble.encryption), /^(pk)?msg$/)
    const copy = await cleo.waitFor((one) => one.id === sent.key.id)
    assert.deepEqual([copy.fromMe, copy.chat], [true, ann.number])
    await bridge.delivered(sent, 3)
    await harness.post(ann.path('read'), { id: sent.key.id, to: cleo.number })
    await bridge.delivered(sent, 4)
  })

  test('the server acknowledges what it took', async () => {
    const ack = bridge.socket.waitForMessage<{ attrs: { class: string } }>('3EB0ACC0', 3_000)
    await bridge.send(ann.jid, { text: 'acked?' }, { messageId: '3EB0ACC0' })
    assert.equal((await ack)?.attrs.class, 'message')
  })

  test('quotes go both ways', async () => {
    const id = await ann.send({ to: cleo.number, text: 'what time is it?' })
    const { message } = await bridge.waitForText('what time is it?')
    await bridge.send(ann.jid, { text: 'noon' }, { quoted: message })
    assert.deepEqual((await ann.waitFor((one) => one.text === 'noon')).quote, {
      id,
      text: 'what time is it?',
    })
    await ann.send({ to: cleo.number, text: 'thanks', quote: { id: 'ABC', text: 'noon' } })
    const context = (await bridge.waitForText('thanks')).message.message?.extendedTextMessage?.contextInfo
    assert.deepEqual([context?.stanzaId, context?.quotedMessage?.conversation], ['ABC', 'noon'])
    assert.equal(context?.participant, cleo.jid)
  })

  test('reactions are set and taken back, both ways', async () => {
    const id = await ann.send({ to: cleo.number, text: 'shall I?' })
    const { message } = await bridge.waitForText('shall I?')
    for (const text of ['👍', '']) {
      await bridge.send(ann.jid, { react: { text, key: message.key } })
      const shown = await ann.waitFor(
        (one) => one.kind === 'reaction' && (one.reaction as { emoji: string }).emoji === text,
      )
      assert.deepEqual(shown.reaction, { id, emoji: text, fromMe: false })
    }
    const mine = await bridge.send(ann.jid, { text: 'may I send it?' })
    for (const emoji of ['👍', '']) {
      await ann.send({ to: cleo.number, reaction: { id: mine.key.id, emoji } })
      await bridge.waitForMessage(
        ({ message: one }) =>
          one?.reactionMessage?.key?.id === mine.key.id && one?.reactionMessage?.text === emoji,
      )
    }
    const [heard] = await bridge.waitForEvent('messages.reaction', ([one]) => one?.key.id === mine.key.id)
    assert.equal(heard?.key.fromMe, true)
  })

  test('edits and revokes go both ways', async () => {
    const mine = await bridge.send(ann.jid, { text: 'teh' })
    await bridge.send(ann.jid, { text: 'the', edit: mine.key })
    assert.deepEqual((await ann.waitFor((one) => one.kind === 'edit')).edit, { id: mine.key.id, text: 'the' })
    await bridge.send(ann.jid, { delete: mine.key })
    assert.deepEqual((await ann.waitFor((one) => one.kind === 'revoke')).revoke, { id: mine.key.id })

    const id = await ann.send({ to: cleo.number, text: 'typo' })
    await bridge.waitForText('typo')
    await ann.send({ to: cleo.number, edit: { id, text: 'fixed' } })
    const edited = await bridge.waitForEvent(
      'messages.update',
      ([one]) => one?.key.id === id && !!one?.update.message?.editedMessage,
    )
    assert.equal(edited[0]?.update.message?.editedMessage?.message?.conversation, 'fixed')
    await ann.send({ to: cleo.number, revoke: { id } })
    await bridge.waitForEvent(
      'messages.update',
      ([one]) => one?.key.id === id && one?.update.messageStubType === 1,
    )
  })

  test('polls go both ways, and the client can open the votes', async () => {
    const mine = await bridge.send(ann.jid, {
      poll: { name: 'Lunch?', values: ['soup', 'salad'], selectableCount: 1 },
    })
    const shown = await ann.waitFor((one) => one.kind === 'poll' && one.id === mine.key.id)
    assert.deepEqual(shown.poll, { name: 'Lunch?', options: ['soup', 'salad'] })
    await ann.send({ to: cleo.number, vote: { id: mine.key.id, options: ['salad'] } })
    const { message } = await bridge.waitForMessage((one) => !!one.message?.pollUpdateMessage)
    const vote = decryptPollVote(message.message?.pollUpdateMessage?.vote ?? {}, {
      pollEncKey: mine.message?.messageContextInfo?.messageSecret ?? new Uint8Array(),
      pollCreatorJid: cleo.jid,
      pollMsgId: mine.key.id ?? '',
      voterJid: ann.jid,
    })
    assert.equal(vote.selectedOptions?.length, 1)
    const id = await ann.send({ to: cleo.number, poll: { name: 'Tea?', options: ['yes', 'no'] } })
    assert.equal(
      (await bridge.waitForMessage((one) => one.key.id === id)).message.message?.pollCreationMessageV3?.name,
      'Tea?',
    )
  })

  test('typing and reading are seen on both sides', async () => {
    await bridge.socket.sendPresenceUpdate('composing', ann.jid)
    await bridge.socket.sendPresenceUpdate('recording', ann.jid)
    await bridge.socket.sendPresenceUpdate('paused', ann.jid)
    await ann.waitFor(({ state }) => state === 'paused', 'presence')
    assert.deepEqual(
      (await ann.entries('presence')).map(({ state }) => state),
      ['composing', 'recording', 'paused'],
    )
    await harness.post(ann.path('typing'), { to: cleo.number, state: 'recording' })
    await bridge.waitForEvent(
      'presence.update',
      ({ presences }) => Object.values(presences)[0]?.lastKnownPresence === 'recording',
    )
    await bridge.socket.readMessages(['R1', 'R2'].map((id) => ({ remoteJid: ann.jid, id, fromMe: false })))
    await ann.waitFor(({ id, type }) => id === 'R2' && type === 'read', 'receipts')
    await ann.waitFor(({ id, type }) => id === 'R1' && type === 'read', 'receipts')
  })

  test('a location, a contact and any raw message showMessage as what they are', async () => {
    await ann.send({ to: cleo.number, location: { latitude: 52.5, longitude: 13.4, name: 'here' } })
    const place = await bridge.waitForMessage((one) => !!one.message?.locationMessage)
    assert.equal(place.message.message?.locationMessage?.degreesLatitude, 52.5)
    await ann.send({ to: cleo.number, contact: { name: 'Bob', number: bob.number } })
    const card = await bridge.waitForMessage((one) => !!one.message?.contactMessage)
    assert.match(card.message.message?.contactMessage?.vcard ?? '', /waid=15557654321/)
    await ann.send({ to: cleo.number, raw: { liveLocationMessage: { degreesLatitude: 1 } } })
    await bridge.waitForMessage((one) => one.message?.liveLocationMessage?.degreesLatitude === 1)
  })

  test('LID-addressed chats work both ways', async () => {
    const { lid } = await bob.view()
    await bob.send({ to: cleo.number, text: 'from a lid', lid: true })
    const { message } = await bridge.waitForText('from a lid')
    assert.deepEqual([message.key.remoteJid, message.key.remoteJidAlt], [lid, bob.jid])
    await bridge.send(lid, { text: 'to a lid' })
    const shown = await bob.waitFor((one) => one.text === 'to a lid')
    assert.deepEqual([shown.chat, shown.addressing], [cleo.number, 'lid'])
    await bob.send({ to: cleo.number, text: 'no other address', lid: true, altJid: false })
    assert.equal((await bridge.waitForText('no other address')).message.key.remoteJidAlt, undefined)
  })

  test('what the own phone writes reaches the client as its own, notes to self included', async () => {
    await cleo.send({ to: ann.number, text: 'written by hand' })
    const { message } = await bridge.waitForMessage((one) => textOf(one) === 'written by hand')
    assert.deepEqual([message.key.fromMe, message.key.remoteJid], [true, ann.jid])
    assert.equal((await ann.waitFor((one) => one.text === 'written by hand')).chat, cleo.number)
    await cleo.send({ to: cleo.number, text: 'note to self' })
    const note = await bridge.waitForMessage((one) => textOf(one) === 'note to self')
    assert.deepEqual([note.message.key.fromMe, note.message.key.remoteJid], [true, cleo.jid])
  })

  test('a status broadcast is one', async () => {
    await ann.send({ to: cleo.number, text: 'my status', broadcast: true })
    assert.equal(
      (await bridge.waitForMessage((one) => textOf(one) === 'my status')).message.key.remoteJid,
      'status@broadcast',
    )
  })

  test('a phone with autoRead sends blue ticks by itself; one without autoReceipt stays silent', async () => {
    await harness.phone(ann.number, { autoRead: true })
    const sent = await bridge.send(ann.jid, { text: 'read me' })
    await bridge.delivered(sent, 4)
    await harness.phone(ann.number, { autoRead: false, autoReceipt: false })
    const silent = await bridge.send(ann.jid, { text: 'no receipt' })
    await ann.waitFor((one) => one.id === silent.key.id)
    const queued = await cleo.companion('settled')
    assert.equal(queued.queued, 0)
    assert.ok(bridge.statusOf(silent) < 3)
  })

  test('numbers are looked up as WhatsApp does', async () => {
    const [known] = (await bridge.socket.onWhatsApp(ann.number)) ?? []
    assert.equal(known?.jid, ann.jid)
    assert.deepEqual(await bridge.socket.onWhatsApp('19998887777'), [])
  })
})
