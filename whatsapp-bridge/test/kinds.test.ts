import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { proto } from 'baileys'
import type { InboundEvent } from '../src/contract.ts'
import { ANN, ANN_JID, BOB, CLEO, cleanUp, linkedSystem } from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()
const BOB_JID = `${BOB}@s.whatsapp.net`

/** Send a message as Ann. @returns the event that it becomes. */
async function arrival(message: object): Promise<InboundEvent> {
  const id = await simulator.send(ANN, { to: CLEO, ...message })
  return agent.event(`message ${id}`, (event) => event.messageId === id)
}

const raw = (message: object) => arrival({ raw: message })

/** Encode one field of a `proto.Message` that Baileys does not know. */
const field = (number: number, value: Uint8Array | string): string => {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]).toString('base64')
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; left > 0 || !bytes.length; left = Math.floor(left / 128))
    bytes.push((left % 128) + (left > 127 ? 128 : 0))
  return Buffer.from(bytes)
}

const bytes = (base64: string) => {
  const plain = Buffer.from(base64, 'base64')
  return arrival({ bytes: Buffer.concat([plain, Buffer.from([1])]).toString('base64') })
}

test('every word of the kinds that people send arrives', async () => {
  const cases: [object, string, string[]][] = [
    [
      { orderMessage: { orderTitle: 'Flowers', message: 'Please wrap them', itemCount: 2, orderId: 'O-17' } },
      'order',
      ['Flowers', 'Please wrap them', '2 items', 'O-17'],
    ],
    [
      {
        productMessage: {
          body: 'This one?',
          footer: 'Shop',
          product: { title: 'Vase', description: 'Blue glass', priceAmount1000: 12_500, currencyCode: 'EUR' },
        },
      },
      'product',
      ['This one?', 'Vase', 'Blue glass', '12.5 EUR', 'Shop'],
    ],
    [
      {
        listResponseMessage: {
          title: 'Small',
          description: 'for one',
          singleSelectReply: { selectedRowId: 'row-7' },
        },
      },
      'text',
      ['Small', 'for one'],
    ],
    [
      {
        listMessage: {
          title: 'Menu',
          description: 'Choose',
          buttonText: 'Open',
          footerText: 'until ten',
          sections: [{ title: 'Soups', rows: [{ title: 'Pea', description: 'green', rowId: 'r1' }] }],
        },
      },
      'list',
      ['Menu', 'Choose', 'Open', 'until ten', 'Soups', 'Pea', 'green'],
    ],
    [
      {
        buttonsMessage: {
          contentText: 'Sure?',
          footerText: 'think',
          buttons: [{ buttonId: 'b1', buttonText: { displayText: 'Of course' } }],
        },
      },
      'buttons',
      ['Sure?', 'think', 'Of course'],
    ],
    [
      {
        interactiveMessage: {
          header: { title: 'Offer' },
          body: { text: 'Look' },
          footer: { text: 'ends soon' },
          nativeFlowMessage: {
            buttons: [{ name: 'cta_url', buttonParamsJson: '{"display_text":"Visit us","id":"x"}' }],
          },
        },
      },
      'interactive',
      ['Offer', 'Look', 'ends soon', 'Visit us'],
    ],
    [
      {
        interactiveResponseMessage: {
          body: { text: 'Sent' },
          nativeFlowResponseMessage: { name: 'flow', paramsJson: '{"guests":"four people"}' },
        },
      },
      'text',
      ['Sent', 'four people'],
    ],
    [
      {
        eventMessage: {
          name: 'Party',
          description: 'Bring cake',
          startTime: 1_785_000_000,
          joinLink: 'https://call.whatsapp.com/x',
          location: { name: 'Park', address: 'Main Street 1' },
        },
      },
      'event',
      [
        'Party',
        'Bring cake',
        '2026-07-25T17:20:00.000Z',
        'Park, Main Street 1',
        'https://call.whatsapp.com/x',
      ],
    ],
    [
      { groupInviteMessage: { groupName: 'Choir', caption: 'Join us', inviteCode: 'AbC123' } },
      'group_invite',
      ['Choir', 'Join us', 'AbC123'],
    ],
    [
      { liveLocationMessage: { degreesLatitude: 1, degreesLongitude: 2, caption: 'on my way' } },
      'live_location',
      ['on my way'],
    ],
    [
      {
        requestPaymentMessage: {
          amount1000: 5000,
          currencyCodeIso4217: 'BRL',
          noteMessage: { conversation: 'rent' },
        },
      },
      'request_payment',
      ['rent', '5 BRL'],
    ],
    [{ scheduledCallCreationMessage: { title: 'Weekly' } }, 'scheduled_call_creation', ['Weekly']],
    [
      { newsletterAdminInviteMessage: { newsletterName: 'News', caption: 'help me' } },
      'newsletter_admin_invite',
      ['News', 'help me'],
    ],
    [
      { stickerPackMessage: { name: 'Cats', publisher: 'Me', caption: 'for you' } },
      'sticker_pack',
      ['Cats', 'Me', 'for you'],
    ],
    [
      {
        pollResultSnapshotMessage: {
          name: 'Lunch?',
          pollVotes: [{ optionName: 'Soup', optionVoteCount: 3 }],
        },
      },
      'poll_result_snapshot',
      ['Lunch?', 'Soup: 3'],
    ],
    [{ protocolMessage: { type: 3, ephemeralExpiration: 604_800 } }, 'ephemeral_setting', ['604800 seconds']],
    [
      { protocolMessage: { type: 30, memberLabel: { label: 'Treasurer' } } },
      'group_member_label_change',
      ['Treasurer'],
    ],
    [{ groupStatusMentionMessage: { message: { protocolMessage: { type: 25 } } } }, 'status_mention', []],
    [
      {
        pollCreationMessageV4: {
          message: { pollCreationMessage: { name: 'Tea?', options: [{ optionName: 'Green' }] } },
        },
      },
      'poll',
      ['Tea?', 'Green'],
    ],
    [{ botInvokeMessage: { message: { conversation: 'hey bot' } } }, 'text', ['hey bot']],
  ]
  for (const [message, kind, words] of cases) {
    const event = await raw(message)
    assert.equal(event.kind, kind)
    for (const word of words)
      assert.ok(event.text?.includes(word), `${kind}: ${word} is not in ${event.text}`)
  }
  const list = await raw({
    listResponseMessage: { title: 'L', singleSelectReply: { selectedRowId: 'row-8' } },
  })
  assert.deepEqual([list.text, list.chosenId], ['L', 'row-8'])
  const button = await raw({
    buttonsResponseMessage: { selectedDisplayText: 'Yes', selectedButtonId: 'b-1' },
  })
  assert.deepEqual([button.text, button.chosenId], ['Yes', 'b-1'])
})

test('a contact card keeps numbers, mail, company, address and notes, however it is written', async () => {
  const one = await arrival({ contact: { name: 'Eve', number: '15550009999' } })
  assert.deepEqual([one.kind, one.text], ['contact', 'Eve, +15550009999'])
  const vcard =
    'BEGIN:VCARD\r\nVERSION:3.0\r\nN:Gold;Max;;;\r\nFN:Max Gold\r\nitem1.TEL;waid=4915112345678:+49 151 12345678\r\n' +
    'TEL;type=HOME:+49 30 1\r\nEMAIL:max@example.org\r\nORG:Gold \\, Sons;Sales\r\nADR;type=WORK:;;Main St 1;Berlin;;10115;\r\n' +
    'NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:F=C3=BCr=\r\n immer\r\nBDAY:1990-01-02\r\nURL:https://gold.example\r\n' +
    'PHOTO;BASE64:AAAA\r\nEND:VCARD'
  const many = await raw({
    contactsArrayMessage: { displayName: '2 contacts', contacts: [{ displayName: 'Max', vcard }, { vcard }] },
  })
  assert.equal(many.kind, 'contacts')
  for (const word of [
    'Max Gold',
    '+49 151 12345678',
    '+49 30 1',
    'max@example.org',
    'Gold , Sons, Sales',
    'Main St 1, Berlin, 10115',
    'Für',
    '1990-01-02',
    'https://gold.example',
  ])
    assert.ok(many.text?.includes(word), word)
  assert.ok(!many.text?.includes('AAAA'))
})

test('kinds that Baileys does not know are named, and their words arrive', async () => {
  const poll = proto.Message.PollCreationMessage.encode({
    name: 'Six?',
    options: [{ optionName: 'Yes' }, { optionName: 'No' }],
  }).finish()
  const sixth = await bytes(field(119, poll))
  assert.deepEqual([sixth.kind, sixth.text], ['poll', 'Six?\n- Yes\n- No'])
  const inner = Buffer.concat([
    Buffer.from(field(2, 'Picnic on Sunday'), 'base64'),
    Buffer.from(field(6, Buffer.from(field(1, 'bring grüne plates'), 'base64')), 'base64'),
    Buffer.from(field(7, Buffer.alloc(32, 0xfe)), 'base64'),
  ])
  const invite = await bytes(field(122, inner))
  assert.deepEqual([invite.kind, invite.text], ['event_invite', 'Picnic on Sunday\nbring grüne plates'])
  const future = await bytes(field(431, inner))
  assert.deepEqual([future.kind, future.text], ['unknown_431', 'Picnic on Sunday\nbring grüne plates'])
  const wrapped = proto.Message.encode({ conversation: 'in a new wrapper' }).finish()
  const spoiler = await bytes(field(118, Buffer.from(field(1, wrapped), 'base64')))
  assert.deepEqual([spoiler.kind, spoiler.text], ['text', 'in a new wrapper'])
  const disappearing = await bytes(
    field(40, Buffer.from(field(1, Buffer.from(field(431, inner), 'base64')), 'base64')),
  )
  assert.equal(disappearing.kind, 'unknown_431')
})

test('who is mentioned, from which advertisement somebody comes, and what is pinned', async () => {
  const mention = await arrival({ text: `hi @${BOB}`, mentions: [BOB] })
  assert.deepEqual(mention.mentions, [BOB_JID])
  const bob = await simulator.call<{ lid: string }>('GET', `/phones/${BOB}`)
  await simulator.send(BOB, { to: CLEO, text: 'so that my number is known', lid: true })
  await agent.text('so that my number is known')
  const byLid = await raw({
    extendedTextMessage: { text: 'hi', contextInfo: { mentionedJid: [bob.lid, 'no address'] } },
  })
  assert.deepEqual(byLid.mentions, [BOB_JID])
  const ad = await raw({
    extendedTextMessage: {
      text: 'Is this still there?',
      contextInfo: { externalAdReply: { title: 'Sofa', body: 'Half price', sourceUrl: 'https://fb.me/x' } },
    },
  })
  assert.deepEqual([ad.text, ad.referral], ['Is this still there?', 'Sofa\nHalf price\nhttps://fb.me/x'])
  const pin = await raw({ pinInChatMessage: { key: { id: 'PINNED', remoteJid: ANN_JID }, type: 1 } })
  assert.deepEqual([pin.kind, pin.quoted?.messageId], ['pin_in_chat', 'PINNED'])
})

test('encrypted edits are read, by number and by LID, also after a restart; one that cannot be read is named', async () => {
  for (const lid of [false, true]) {
    const id = await simulator.send(ANN, { to: CLEO, text: `cats ${lid}`, lid })
    await agent.text(`cats ${lid}`)
    const edit = await arrival({ edit: { id, text: `dogs ${lid}`, encrypted: true }, lid })
    assert.deepEqual([edit.kind, edit.edits, edit.text, edit.from], ['edit', id, `dogs ${lid}`, ANN_JID])
  }
  const group = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'Edits',
    members: [CLEO, ANN, BOB],
    lid: true,
  })
  const said = await simulator.send(BOB, { group: group.id, text: 'cats in a group' })
  await agent.text('cats in a group')
  await simulator.send(BOB, { group: group.id, edit: { id: said, text: 'dogs in a group', encrypted: true } })
  assert.equal((await agent.text('dogs in a group')).edits, said)
  const early = await simulator.send(ANN, { to: CLEO, text: 'before the restart' })
  await agent.text('before the restart')
  await bridge.restart()
  const late = await arrival({ edit: { id: early, text: 'after it', encrypted: true } })
  assert.deepEqual([late.edits, late.text], [early, 'after it'])
  const lost = await raw({
    secretEncryptedMessage: {
      targetMessageKey: { id: 'NEVER-SEEN', remoteJid: ANN_JID },
      secretEncType: 2,
      encIv: Buffer.alloc(12).toString('base64'),
      encPayload: Buffer.alloc(40).toString('base64'),
    },
  })
  assert.deepEqual(
    [lost.kind, lost.text, lost.quoted?.messageId],
    ['secret_encrypted', undefined, 'NEVER-SEEN'],
  )
})

test('votes in a poll arrive with the options that were chosen, in direct chats and groups', async () => {
  const options = ['Soup', 'Bread and butter', 'Grütze']
  const group = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'Lunch',
    members: [CLEO, ANN, BOB],
    lid: true,
  })
  for (const to of [{ to: CLEO }, { group: group.id }]) {
    const id = await simulator.send(ANN, { ...to, poll: { name: 'Lunch?', options, selectable: 2 } })
    await agent.event('the poll', ({ messageId }) => messageId === id)
    const vote = await simulator.send('group' in to ? BOB : ANN, {
      ...to,
      vote: { id, options: ['Grütze', 'Soup'] },
    })
    const event = await agent.event('the vote', ({ messageId }) => messageId === vote)
    assert.deepEqual([event.kind, event.text, event.quoted?.messageId], ['poll_vote', 'Soup\nGrütze', id])
  }
})
