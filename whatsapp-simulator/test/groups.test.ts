import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bridge } from './bridge.ts'
import { eventually, Harness, type SimulatedPhone } from './harness.ts'

describe('groups', () => {
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

  async function shows(member: SimulatedPhone, group: string, text: string): Promise<void> {
    const { chat, encryption, fromMe, addressing } = await member.waitFor((one) => one.text === text)
    assert.deepEqual([chat, encryption, fromMe], [group, 'skmsg', member === cleo])
    assert.equal(addressing, text.includes('LID') ? 'lid' : 'pn')
  }

  /** The address used in the group first, then the other one. */
  async function addressesOf(member: SimulatedPhone, inLid: boolean): Promise<string[]> {
    const { jid, lid } = await member.view()
    return inLid ? [lid, jid] : [jid, lid]
  }

  for (const lid of [false, true]) {
    const mode = lid ? 'LID' : 'phone number'

    test(`a group addressed by ${mode}: texts in and out, with one sender key`, async () => {
      const members = [cleo, ann, bob].map(({ number }) => number)
      const { id: group } = await harness.post<{ id: string }>('/groups', { subject: 'Family', members, lid })
      const addresses = await addressesOf(ann, lid)
      for (const text of [`first in ${mode}`, `second in ${mode}`]) {
        await ann.send({ group, text })
        const { key } = (await bridge.waitForText(text)).message
        assert.deepEqual([key.remoteJid, key.participant, key.participantAlt], [group, ...addresses])
        assert.equal((await bob.waitFor((one) => one.text === text)).from, ann.number)
      }
      for (const text of [`one out ${mode}`, `two out ${mode}`]) {
        await bridge.send(group, { text })
        await Promise.all([ann, bob, cleo].map((member) => shows(member, group, text)))
      }
    })

    test(`a group addressed by ${mode}: reactions, quotes, receipts and retries name the right author`, async () => {
      const members = [cleo, ann, bob].map(({ number }) => number)
      const { id: group } = await harness.post<{ id: string }>('/groups', { subject: 'Work', members, lid })
      const mine = await bridge.send(group, { text: `question ${mode}` })
      await ann.waitFor((one) => one.id === mine.key.id)
      await ann.send({ group, reaction: { id: mine.key.id, emoji: '👍', author: cleo.number } })
      const { message } = await bridge.waitForMessage(
        (one) => one.message?.reactionMessage?.key?.id === mine.key.id,
      )
      assert.equal(message.message?.reactionMessage?.key?.fromMe, true)
      await bob.send({
        group,
        text: `reply ${mode}`,
        quote: { id: mine.key.id, text: 'question', author: cleo.number },
      })
      const reply = await bridge.waitForText(`reply ${mode}`)
      const [own] = await addressesOf(cleo, lid)
      assert.equal(reply.message.message?.extendedTextMessage?.contextInfo?.participant, own)
      await eventually(() => bridge.groupReceipts(mine) > 0, 'a receipt of the group')

      await harness.fault({ on: 'decrypt', do: 'refuse', number: bob.number })
      const again = await bridge.send(group, { text: `again ${mode}` })
      await bob.waitFor((one) => one.id === again.key.id && one.kind === 'undecryptable')
      await bob.waitFor((one) => one.id === again.key.id && one.kind === 'text')
    })
  }

  test('a client that has lost a sender key gets it again, and then reads on', async () => {
    const members = [cleo.number, ann.number]
    const { id: group } = await harness.post<{ id: string }>('/groups', { subject: 'Lost', members })
    await ann.send({ group, text: 'before the loss' })
    await bridge.waitForText('before the loss')
    bridge.deleteKeys('sender-key')
    await ann.send({ group, text: 'unreadable at first' })
    await bridge.waitForText('unreadable at first')
    const { counters } = await cleo.companion('settled')
    await ann.send({ group, text: 'readable at once' })
    await bridge.waitForText('readable at once')
    assert.equal((await cleo.companion('settled')).counters.retries, counters.retries)
  })

  test('group messages that overtake each other are all read', async () => {
    const members = [cleo.number, ann.number]
    const { id: group } = await harness.post<{ id: string }>('/groups', { subject: 'Overtaking', members })
    await bridge.send(group, { text: 'in front' })
    await ann.waitFor(({ text }) => text === 'in front')
    await harness.fault({ on: 'in', do: 'reorder', by: 2, match: { tag: 'message' } })
    for (const text of ['overtaken', 'second', 'third']) await bridge.send(group, { text })
    await ann.waitFor(({ text }) => text === 'overtaken')
    const shown = (await ann.entries()).slice(-3).map(({ text }) => text)
    assert.deepEqual(shown, ['second', 'third', 'overtaken'])
  })

  test('linked devices are told of new groups and of changes', async () => {
    const { id } = await harness.post<{ id: string }>('/groups', {
      subject: 'New',
      members: [ann.number, cleo.number],
      notify: true,
    })
    await bridge.waitForEvent('groups.upsert', ([group]) => group?.id === id)
    await harness.post(`/groups/${id}`, { subject: 'Newer', add: [bob.number], by: ann.number })
    await bridge.waitForEvent('groups.update', ([change]) => change?.subject === 'Newer')
    await bridge.waitForEvent('group-participants.update', ({ action }) => action === 'add')
    await harness.post(`/groups/${id}`, { remove: [bob.number] })
    await bridge.waitForEvent('group-participants.update', ({ action }) => action === 'remove')
    assert.deepEqual((await harness.get<{ members: string[] }>(`/groups/${id}`)).members, [
      ann.number,
      cleo.number,
    ])
    const metadata = await bridge.socket.groupMetadata(id)
    assert.deepEqual([metadata.subject, metadata.participants.length], ['Newer', 2])
    await assert.rejects(
      harness.post(`/phones/${bob.number}/messages`, { group: id, text: 'x' }),
      /409: .* is not a member/,
    )
  })
})
