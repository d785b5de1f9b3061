import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ANN, ANN_JID, BOB, CLEO, cleanUp, linkedSystem } from './harness.ts'

after(cleanUp)
const { simulator, agent } = await linkedSystem()
const BOB_JID = `${BOB}@s.whatsapp.net`

test('who joined and left a group, its new subject, and changes that Baileys does not know', async () => {
  const group = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'A',
    members: [CLEO, ANN],
    lid: true,
  })
  const path = `/groups/${encodeURIComponent(group.id)}`
  await simulator.call('POST', path, { add: [BOB], by: ANN })
  const joined = await agent.event('the newcomer', ({ kind }) => kind === 'group_participant_add')
  assert.deepEqual([joined.from, joined.text, joined.mentions], [group.id, `+${BOB}`, [BOB_JID]])
  await simulator.call('POST', path, { subject: 'Evening choir' })
  const subject = await agent.event('the subject', ({ kind }) => kind === 'group_change_subject')
  assert.equal(subject.text, 'Evening choir')
  await simulator.call('POST', path, { remove: [BOB] })
  assert.equal(
    (await agent.event('who left', ({ kind }) => kind === 'group_participant_remove')).text,
    `+${BOB}`,
  )
  const ann = await simulator.call<{ lid: string; jid: string }>('GET', `/phones/${ANN}`)
  const author = { participant: ann.lid, participant_pn: ann.jid }
  const notice = (content: object[]) =>
    simulator.call<{ id: string }>('POST', `/phones/${CLEO}/stanzas`, {
      stanza: { tag: 'notification', attrs: { from: group.id, type: 'w:gp2', ...author }, content },
    })
  const { id } = await notice([
    {
      tag: 'linked_group_promote',
      attrs: {},
      content: [{ tag: 'participant', attrs: { jid: ann.lid, phone_number: ann.jid } }],
    },
    { tag: 'subject', attrs: { subject: 'Night choir' } },
  ])
  const unknown = await agent.event('the new kind', ({ kind }) => kind === 'group_linked_group_promote')
  assert.deepEqual([unknown.from, unknown.senderId, unknown.mentions], [group.id, ANN_JID, [ANN_JID]])
  const second = await agent.event('the second change', ({ kind }) => kind === 'group_subject')
  assert.deepEqual([second.text, second.messageId], ['Night choir', `${id}.1`])
  await simulator.call('GET', `/phones/${CLEO}/companions/any?until=settled&wait=5000`)
})

test('what only the phone may show is an event at once', async () => {
  for (const [type, kind] of [
    ['view_once', 'view_once'],
    ['view_once_unavailable_fanout', 'view_once'],
    ['bot_unavailable_fanout', 'bot_unavailable'],
    ['hosted_unavailable_fanout', 'hosted_unavailable'],
  ]) {
    const { id } = await simulator.call<{ id: string }>('POST', `/phones/${CLEO}/stanzas`, {
      stanza: {
        tag: 'message',
        attrs: { from: ANN_JID, type: 'media' },
        content: [{ tag: 'unavailable', attrs: { type } }],
      },
    })
    const event = await agent.event(`${type}`, ({ messageId }) => messageId === id)
    assert.deepEqual([event.kind, event.from, event.offline], [kind, ANN_JID, undefined])
  }
  const old = await simulator.call<{ id: string }>('POST', `/phones/${CLEO}/stanzas`, {
    stanza: {
      tag: 'message',
      attrs: { from: ANN_JID, t: '1700000000' },
      content: [{ tag: 'unavailable', attrs: {} }],
    },
  })
  assert.equal((await agent.event('an old one', ({ messageId }) => messageId === old.id)).kind, 'unavailable')
  const bot = await simulator.call<{ id: string }>('POST', `/phones/${CLEO}/stanzas`, {
    stanza: {
      tag: 'message',
      attrs: { from: ANN_JID },
      content: [{ tag: 'enc', attrs: { type: 'msmsg', v: '2' }, base64: 'AAAA' }],
    },
  })
  assert.equal((await agent.event('a bot', ({ messageId }) => messageId === bot.id)).kind, 'bot_message')
  await simulator.call('GET', `/phones/${CLEO}/companions/any?until=settled&wait=5000`)
})

test('a call that rings out or whose caller hangs up is a missed call; an answered or declined one is none', async () => {
  const step = (id: string, tag: string, attrs: object = {}, content: object[] = []) =>
    simulator.call('POST', `/phones/${CLEO}/stanzas`, {
      stanza: {
        tag: 'call',
        attrs: { from: ANN_JID },
        content: [{ tag, attrs: { 'call-id': id, 'call-creator': ANN_JID, ...attrs }, content }],
      },
    })
  const calls: [string, object, object[], string | undefined][] = [
    ['CALL1', {}, [], 'call_missed_voice'],
    ['CALL2', {}, [{ tag: 'video' }], 'call_missed_video'],
    ['CALL3', { reason: 'timeout' }, [], 'call_missed_voice'],
    ['CALL4', { reason: 'accepted_elsewhere' }, [], undefined],
    ['CALL5', { reason: 'rejected_elsewhere' }, [], undefined],
  ]
  for (const [id, end, content] of calls) {
    await step(id, 'offer', {}, content)
    await step(id, 'terminate', end)
  }
  await step('CALL6', 'offer')
  await step('CALL6', 'reject')
  await step('CALL6', 'terminate')
  await simulator.call('GET', `/phones/${CLEO}/companions/any?until=settled&wait=5000`)
  await simulator.send(ANN, { to: CLEO, text: 'after the calls' })
  await agent.text('after the calls')
  const told = agent.events.filter(({ messageId }) => messageId.startsWith('CALL'))
  assert.deepEqual(
    told.map(({ messageId, kind, from }) => [messageId, kind, from]),
    calls.flatMap(([id, , , kind]) => (kind ? [[id, kind, ANN_JID]] : [])),
  )
})
