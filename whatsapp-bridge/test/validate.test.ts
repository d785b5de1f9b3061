import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpError } from '../src/errors.ts'
import {
  readLinkByCode,
  readReact,
  readRead,
  readSendMedia,
  readSendText,
  readTyping,
} from '../src/http/validate.ts'
import { readCommands } from './command-fuzzer.ts'
import { violations } from './schema.ts'

const to = '4915112345678@s.whatsapp.net'

test('what is wrong with a body is said by its field, in a sentence for people', async () => {
  const cases: [(body: unknown) => unknown, unknown, RegExp][] = [
    [readSendText, null, /^The body must be a JSON object\.$/],
    [readSendText, [], /^The body must be a JSON object\.$/],
    [readSendText, { to }, /^text is missing\.$/],
    [readSendText, { text: 'x' }, /^to is missing\.$/],
    [readSendText, { to: 1, text: 'x' }, /^to must be a string\.$/],
    [readSendText, { to: '0151 123', text: 'x' }, /^to cannot be used\. .*\+49 151 12345678\.$/],
    [readSendText, { to, text: '' }, /^text must not be empty\.$/],
    [readSendText, { to, text: 'x'.repeat(65_537) }, /^text must have at most 65536 characters\.$/],
    [readSendText, { to, text: 'x', quoted: 'y' }, /^quoted must be a JSON object\.$/],
    [readSendText, { to, text: 'x', quoted: {} }, /^quoted\.messageId is missing\.$/],
    [
      readSendText,
      { to, text: 'x', quoted: { messageId: 'a/b' } },
      /^quoted\.messageId must be a message id: /,
    ],
    [
      readSendText,
      { to, text: 'x', quoted: { messageId: 'A', senderId: '?' } },
      /^senderId cannot be used\. /,
    ],
    [
      readSendMedia,
      { to, kind: 'hologram' },
      /^kind must be one of image, video, audio, voice, document, sticker\.$/,
    ],
    [readSendMedia, { to, seconds: 1.5 }, /^seconds must be a whole number\.$/],
    [readSendMedia, { to, seconds: -1 }, /^seconds must be 0 or more\.$/],
    [readReact, { to, messageId: 'A', emoji: 'x', fromMe: 'yes' }, /^fromMe must be true or false\.$/],
    [readTyping, { to, state: 'dancing' }, /^state must be one of composing, recording, paused\.$/],
    [readRead, { to, messageIds: 'A' }, /^messageIds must be a list\.$/],
    [readRead, { to, messageIds: [] }, /^messageIds must not be empty\.$/],
    [readRead, { to, messageIds: ['A', '../x'] }, /^messageIds\.1 must be a message id: /],
    [readLinkByCode, { phone: 'hello' }, /^phone cannot be used\. /],
  ]
  for (const [read, body, message] of cases)
    await assert.rejects(
      async () => read(body),
      (error: HttpError) => error.status === 422 && message.test(error.message),
      `${JSON.stringify(body)?.slice(0, 80)}: ${message}`,
    )
})

test('unknown and empty fields are left out, addresses become JIDs, and halves of characters are mended', async () => {
  const body = { text: 'half \ud83d', color: 'red', quoted: null, to: '+49 151 12345678' }
  assert.deepEqual(Object.entries(await readSendText(body)), [
    ['to', to],
    ['text', 'half \ufffd'],
  ])
  const media = { seconds: 3, caption: null, kind: 'voice', quoted: { text: 't', messageId: 'A' }, to }
  assert.equal(
    JSON.stringify(await readSendMedia(media)),
    JSON.stringify({ to, quoted: { messageId: 'A', text: 't' }, kind: 'voice', seconds: 3 }),
    'the digest of a command depends on the order',
  )
})

test('the check of what the bridge says is strict', () => {
  const event = { from: to, messageId: 'A', timestamp: 1 }
  assert.deepEqual(violations('InboundEvent', event), [])
  for (const wrong of [
    { color: 'red' },
    { messageId: 'a/b' },
    { timestamp: 1.5 },
    { quoted: { messageId: 1 } },
  ])
    assert.notDeepEqual(violations('InboundEvent', { ...event, ...wrong }), [], JSON.stringify(wrong))
  assert.notDeepEqual(violations('InboundEvent', { from: to }), [])
})

test('commands by chance are refused in words, or read as what the contract allows', async () => {
  const accepted = await readCommands(2000, 7)
  assert.ok(accepted > 200 && accepted < 1800, `${accepted} of 2000 were accepted`)
})
