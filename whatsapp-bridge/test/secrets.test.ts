import assert from 'node:assert/strict'
import { createCipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { proto } from 'baileys'
import { AuthStore } from '../src/account/auth-store.ts'
import { WebVersions } from '../src/account/web-versions.ts'
import { Journal } from '../src/inbound/journal.ts'
import { Secrets } from '../src/inbound/secrets.ts'
import { openLog } from '../src/log.ts'
import { Outbox } from '../src/outbound/outbox.ts'
import { AccountRows } from '../src/store/account-rows.ts'
import { Database } from '../src/store/database.ts'
import { cleanUp, temporaryDirectory } from './harness.ts'

after(cleanUp)

const ANN = '15551234567@s.whatsapp.net'
const ANN_LID = '1765432155517@lid'
const BOB = '15557654321@s.whatsapp.net'
const ME = { id: '15550000000:1@s.whatsapp.net', lid: '99:1@lid' }
const SECRET = randomBytes(32)

const rows = new AccountRows(new Database(temporaryDirectory()))
const auth = new AuthStore(rows, new Journal(rows))
await auth.state.keys.set({
  'lid-mapping': { '15551234567': '1765432155517', '1765432155517_reverse': '15551234567' },
})
const secrets = new Secrets(rows, new Outbox(rows), auth)
const original = {
  key: { remoteJid: ANN, id: 'TARGET', fromMe: false },
  message: { conversation: 'x', messageContextInfo: { messageSecret: SECRET } },
}
secrets.remember(original, { senderId: ANN, kind: 'poll', text: 'Lunch?\n- Soup\n- Bread' })

/** Encrypt as the client of `editor` does, about a message of `author`. */
function seal(purpose: string, plain: Uint8Array, { author = ANN, editor = BOB, bound = false } = {}) {
  const key = Buffer.from(
    hkdfSync('sha256', SECRET, Buffer.alloc(0), Buffer.from(`TARGET${author}${editor}${purpose}`), 32),
  )
  const encIv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, encIv)
  if (bound) cipher.setAAD(Buffer.from(`TARGET\0${editor}`))
  return { encIv, encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) }
}

const target = { id: 'TARGET', remoteJid: ANN, fromMe: false }
const open = (message: proto.IMessage, remoteJid = BOB, remoteJidAlt?: string) =>
  secrets.open(
    { key: { remoteJid, id: 'NEW', fromMe: false, ...(remoteJidAlt ? { remoteJidAlt } : {}) }, message },
    ME,
  )

test('answers to events, comments and reactions are read with the secret of what they are about', () => {
  const answer = proto.Message.EventResponseMessage.encode({ response: 1, extraGuestCount: 2 }).finish()
  assert.deepEqual(
    open({
      encEventResponseMessage: {
        eventCreationMessageKey: target,
        ...seal('Event Response', answer, { bound: true }),
      },
    }),
    { kind: 'event_response', text: 'going, with 2 more', about: target },
  )
  const comment = proto.Message.encode({ conversation: 'nice' }).finish()
  assert.deepEqual(
    open({ encCommentMessage: { targetMessageKey: target, ...seal('Enc Comment', comment) } }),
    {
      kind: 'comment',
      text: 'nice',
      about: target,
    },
  )
  const reaction = proto.Message.ReactionMessage.encode({ text: '👍' }).finish()
  assert.deepEqual(
    open({ encReactionMessage: { targetMessageKey: target, ...seal('Enc Reaction', reaction) } }),
    {
      kind: 'reaction',
      reaction: '👍',
      reactsToMessageId: 'TARGET',
    },
  )
  const vote = proto.Message.PollVoteMessage.encode({
    selectedOptions: [createHash('sha256').update('Soup').digest()],
  })
  const sealed = seal('Poll Vote', vote.finish(), { bound: true })
  assert.equal(open({ pollUpdateMessage: { pollCreationMessageKey: target, vote: sealed } })?.text, 'Soup')
})

test('edits of messages, events and polls are read under every address of their author, and under no other', () => {
  const edit = (text: string) =>
    proto.Message.encode({
      protocolMessage: { type: 14, key: target, editedMessage: { conversation: text } },
    }).finish()
  const change = (secretEncType: number, sealed: object) =>
    ({ secretEncryptedMessage: { targetMessageKey: target, secretEncType, ...sealed } }) as proto.IMessage
  for (const author of [ANN, ANN_LID])
    for (const editor of [ANN, ANN_LID]) {
      const message = change(2, seal('Message Edit', edit('new'), { author, editor }))
      for (const from of [ANN, ANN_LID])
        assert.deepEqual(open(message, from), { kind: 'edit', edits: 'TARGET', text: 'new' })
      assert.equal(open(message, BOB), undefined, 'somebody else cannot edit with it')
    }
  const event = proto.Message.encode({ eventMessage: { name: 'Later', description: 'at nine' } }).finish()
  assert.equal(open(change(1, seal('Event Edit', event, { editor: ANN })), ANN)?.text, 'Later\nat nine')
  const direct = proto.Message.encode({ conversation: 'without a wrapper' }).finish()
  assert.equal(open(change(2, seal('Message Edit', direct, { editor: ANN })), ANN)?.text, 'without a wrapper')
  const option = proto.Message.encode({ conversation: 'Salad' }).finish()
  assert.deepEqual(open(change(5, seal('Poll Add Option', option))), {
    kind: 'poll_add_option',
    text: 'Salad',
    about: target,
  })
  for (const broken of [
    {},
    { encIv: Buffer.alloc(12) },
    { encIv: Buffer.alloc(0), encPayload: Buffer.alloc(3) },
  ])
    assert.equal(open(change(2, broken), ANN), undefined)
})

test('a version of WhatsApp Web that could not be looked up for a week is said', () => {
  const versions = new WebVersions(rows, 'current', openLog('silent'))
  const fact = (failingSince: number) =>
    rows.run(
      `insert or replace into facts(account, name, value) values(:account, 'web_version_current', ?)`,
      JSON.stringify({ failingSince }),
    )
  fact(Date.now() - 6 * 24 * 3_600_000)
  assert.equal(versions.problem(), undefined)
  fact(Date.now() - 8 * 24 * 3_600_000)
  assert.match(
    versions.problem() ?? '',
    /could not be looked up since 20\d\d-\d\d-\d\d; this one is 2\.3000\.\d+/,
  )
  assert.equal(new WebVersions(rows, 'bundled', openLog('silent')).problem(), undefined)
})
