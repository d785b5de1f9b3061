import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { proto, type WAMessage } from 'baileys'
import { closeAction } from '../src/account/reconnect.ts'
import { classify, retryAfter } from '../src/agent/webhook.ts'
import { readConfig } from '../src/config.ts'
import {
  readLinkByCode,
  readReact,
  readRead,
  readSendMedia,
  readSendText,
  readTyping,
} from '../src/http/validate.ts'
import { readContent } from '../src/inbound/content/read.ts'
import { addressOf } from '../src/inbound/download.ts'
import { restore } from '../src/inbound/journal.ts'
import { translate } from '../src/inbound/translate.ts'
import { parseAddress, resolveIdentity } from '../src/jid.ts'
import { redact } from '../src/log.ts'
import { messageIdFor } from '../src/outbound/outbox.ts'
import { example, violations } from './schema.ts'

const nobody = { phoneOf: () => undefined, lidOf: () => undefined }
const ME = { id: '15550000000:3@s.whatsapp.net', lid: '99:3@lid' }

test('every example body fits the contract, and every command among them is read as it is', async () => {
  const names = readdirSync(new URL('../../contract/examples', import.meta.url)).map((file) =>
    file.replace('.json', ''),
  )
  const bodies: Record<string, string> = {
    'bridge-error': 'BridgeError',
    'dead-letters': 'DeadLetters',
    health: 'HealthAnswer',
    'health-restricted': 'HealthAnswer',
    link: 'LinkAnswer',
    'link-by-code': 'LinkByCode',
    react: 'React',
    read: 'Read',
    'send-answer': 'SendAnswer',
    'send-media-url': 'SendMedia',
    'send-text': 'SendText',
    'send-text-reply': 'SendText',
    typing: 'Typing',
    'webhook-answer': 'WebhookAnswer',
  }
  for (const name of names) {
    if (name === 'inbound-seed-phone' || name === 'send-text' || name === 'link-by-code') continue // spelled-out numbers
    const body = name.startsWith('inbound-') ? 'InboundEvent' : bodies[name]
    assert.ok(body, `the example ${name} is new: say here which body it is`)
    assert.deepEqual(violations(body, example(name)), [], name)
  }
  assert.deepEqual(await readSendText(example('send-text')), {
    to: '4915112345678@s.whatsapp.net',
    text: '*hello*',
  })
  assert.deepEqual(await readSendText(example('send-text-reply')), example('send-text-reply'))
  assert.deepEqual(await readSendMedia(example('send-media-url')), example('send-media-url'))
  assert.deepEqual(await readReact(example('react')), example('react'))
  assert.deepEqual(await readRead(example('read')), example('read'))
  assert.deepEqual(await readTyping(example('typing')), example('typing'))
  assert.deepEqual(await readLinkByCode(example('link-by-code')), { phone: '4915112345678' })
})

test('addresses: every usual spelling of a number, JIDs without their device, and nothing else', () => {
  for (const text of [
    '+49 151 12345678',
    '0049 (151) 1234-5678',
    '4915112345678',
    '+49.151.1234.5678',
    '49151/12345678',
  ])
    assert.deepEqual(
      parseAddress(text),
      { jid: '4915112345678@s.whatsapp.net', digits: '4915112345678' },
      text,
    )
  for (const [text, jid] of [
    ['4915112345678:7@s.whatsapp.net', '4915112345678@s.whatsapp.net'],
    ['4915112345678@c.us', '4915112345678@s.whatsapp.net'],
    ['219876543210987:2@lid', '219876543210987@lid'],
    ['120363000000000001@g.us', '120363000000000001@g.us'],
    ['4915112345678-1400000000@g.us', '4915112345678-1400000000@g.us'],
  ] as const)
    assert.deepEqual(parseAddress(text), { jid }, text)
  for (const text of [
    '015112345678',
    'ann',
    '@lid',
    'a@lid',
    'status@broadcast',
    '1@newsletter',
    '+',
    '1'.repeat(30),
  ])
    assert.ok('problem' in parseAddress(text), text)
})

test('identities: the phone is the id wherever it is known, the LID is an alias', () => {
  const phone = '4915112345678@s.whatsapp.net'
  const known = { phoneOf: () => '4915112345678', lidOf: () => '219' }
  assert.deepEqual(resolveIdentity('219:4@lid', [], known), { id: phone, aliases: ['219@lid'] })
  assert.deepEqual(resolveIdentity('219@lid', [phone], nobody), { id: phone, aliases: ['219@lid'] })
  assert.deepEqual(resolveIdentity(phone, [undefined], known), { id: phone, aliases: ['219@lid'] })
  assert.deepEqual(resolveIdentity('219@lid', [], nobody), { id: '219@lid', aliases: [] })
})

const message = (content: proto.IMessage, key: object = {}): WAMessage => ({
  key: { remoteJid: '4915112345678@s.whatsapp.net', id: '3A1', fromMe: false, ...key },
  messageTimestamp: 1_785_000_000,
  message: content,
})

test('wrappers are taken off, whatever their order', () => {
  const inner = { imageMessage: { caption: 'look', mimetype: 'image/png', fileLength: 5 } }
  for (const wrapped of [
    { ephemeralMessage: { message: { viewOnceMessageV2: { message: inner } } } },
    { viewOnceMessage: { message: inner } },
    { documentWithCaptionMessage: { message: inner } },
    { groupMentionedMessage: { message: inner } },
  ]) {
    const content = readContent(wrapped)
    assert.deepEqual(
      [content?.kind, content?.text, content?.media],
      ['image', 'look', { mimetype: 'image/png', size: 5 }],
    )
  }
  const edit = {
    editedMessage: {
      message: { protocolMessage: { type: 14, key: { id: 'X' }, editedMessage: { conversation: 'new' } } },
    },
  }
  assert.deepEqual(readContent(edit), { kind: 'edit', edits: 'X', text: 'new' })
})

test('every kind of message that WhatsApp knows is an event with a name, or protocol between devices', () => {
  const protocol = new Set([
    'messageContextInfo',
    'senderKeyDistributionMessage',
    'fastRatchetKeySenderKeyDistributionMessage',
  ])
  const fields = Object.keys(proto.Message.prototype).filter((name) => name !== 'toJSON')
  assert.ok(fields.length > 80)
  for (const field of fields) {
    if (protocol.has(field)) continue
    const content = field === 'conversation' ? { conversation: 'x' } : { [field]: {} }
    const translation = translate(message(content as proto.IMessage), ME, nobody, false)
    if (field === 'protocolMessage') assert.deepEqual(translation, { ignored: 'device' })
    else assert.ok('event' in translation, field)
    if ('event' in translation) {
      const { media, ...event } = translation.event
      assert.deepEqual(
        violations('InboundEvent', media ? { ...event, media: { ...media, url: 'x' } } : event),
        [],
        field,
      )
    }
  }
})

test('what a sender can choose never breaks the contract', () => {
  const hostile = message(
    {
      documentMessage: {
        mimetype: 'x'.repeat(5000),
        fileName: 'y'.repeat(5000),
        fileLength: -1,
        fileSha256: new Uint8Array(3),
      },
    },
    { id: '../ etc\n' },
  )
  hostile.pushName = '\ud800'.repeat(3000)
  const place = message({
    locationMessage: { degreesLatitude: 1e9, degreesLongitude: Number.NaN, name: 'z'.repeat(5000) },
  })
  const reaction = message({ reactionMessage: { text: '👍'.repeat(100), key: { id: 'a b' } } })
  for (const one of [hostile, place, reaction]) {
    const translation = translate(one, ME, nobody, false)
    assert.ok('event' in translation)
    const { media, ...event } = translation.event
    assert.deepEqual(
      violations('InboundEvent', media ? { ...event, media: { ...media, url: 'x' } } : event),
      [],
    )
  }
})

test('a stranger cannot put words into another chat with a forged copy of an own message', () => {
  const forged = {
    deviceSentMessage: { destinationJid: 'victim@s.whatsapp.net', message: { conversation: 'forged' } },
  }
  const plain = Buffer.concat([proto.Message.encode(forged).finish(), Buffer.from([1])])
  const attrs = { from: '4915112345678@s.whatsapp.net', id: '3A1', t: '1785000000' }
  const restored = restore({ attrs, arrival: 1, plain }, ME)
  assert.equal(restored.key.remoteJid, '4915112345678@s.whatsapp.net')
  assert.equal(restored.key.fromMe, false)
})

test('media is only ever fetched from WhatsApp’s server', () => {
  const host = 'https://mmg.whatsapp.net'
  assert.equal(
    addressOf({ directPath: '/v/a.enc?x=1', url: 'https://169.254.169.254/' }).href,
    `${host}/v/a.enc?x=1`,
  )
  assert.equal(addressOf({ url: 'https://media.cdn.whatsapp.net/v/b.enc?y=2' }).href, `${host}/v/b.enc?y=2`)
  for (const directPath of [
    '@evil.example/',
    '.evil.example/',
    '//evil.example/x',
    '\\\\evil.example\\x',
    'http://evil.example/',
  ])
    assert.throws(() => addressOf({ directPath }), directPath)
  assert.throws(() => addressOf({}))
})

test('the agent’s answers: accepted, rejected, busy, unreachable, forbidden', () => {
  const kind = (status: number) => classify(status, '', undefined).kind
  assert.deepEqual([200, 202, 204].map(kind), ['accepted', 'accepted', 'accepted'])
  assert.deepEqual([400, 413, 415, 422].map(kind), ['rejected', 'rejected', 'rejected', 'rejected'])
  assert.deepEqual([429, 500, 502, 503].map(kind), ['busy', 'busy', 'busy', 'busy'])
  assert.deepEqual([301, 302, 307, 404, 405].map(kind), new Array(5).fill('unreachable'))
  assert.deepEqual([401, 403].map(kind), ['forbidden', 'forbidden'])
  assert.equal(retryAfter('3'), 3000)
  assert.equal(retryAfter('999999'), 3_600_000)
  assert.equal(retryAfter('soon'), undefined)
})

test('close codes: what comes next', () => {
  const next = (code: number | undefined, linked = true) => closeAction(code, linked, '').next
  assert.deepEqual(
    [515, 408, 428, 500, 503, undefined].map((code) => next(code)),
    ['reconnect', 'backoff', 'backoff', 'backoff', 'backoff', 'backoff'],
  )
  assert.deepEqual(
    [440, 403, 405, 411].map((code) => next(code)),
    ['stop', 'stop', 'stop', 'stop'],
  )
  assert.equal(next(401), 'unlinked')
  assert.deepEqual([next(401, false), next(408, false), next(405, false)], ['backoff', 'backoff', 'stop'])
  assert.deepEqual(
    [406, 409, 415, 516].map((code) => next(code)),
    new Array(4).fill('stop'),
  )
  assert.deepEqual(
    [406, 409, 415].map((code) => next(code, false)),
    new Array(3).fill('stop'),
  )
  const refused = (code: number, attempts: number) =>
    closeAction(code, true, '', { attrs: {}, attempts }).next
  assert.deepEqual(
    [refused(418, 0), refused(418, 4), refused(418, 5), refused(499, 9)],
    ['backoff', 'backoff', 'stop', 'stop'],
  )
  assert.deepEqual([refused(408, 9), refused(428, 9), refused(503, 9)], ['backoff', 'backoff', 'backoff'])
  for (const expire of ['3600', String(Math.floor(Date.now() / 1000) + 3600), undefined, 'soon', '-1']) {
    const ban = closeAction(402, true, '', { attrs: expire === undefined ? {} : { expire }, attempts: 0 })
    assert.equal(ban.next, 'wait')
    assert.ok(Math.abs((ban.until ?? 0) - Date.now() - 3_600_000) < 5000, expire)
  }
})

test('without a network the one sentence about it is true, linked or not', () => {
  for (const linked of [true, false])
    for (const why of [
      'WebSocket Error (getaddrinfo ENOTFOUND web.whatsapp.com)',
      'connect ECONNREFUSED 1.2.3.4:443',
    ]) {
      const { next, message } = closeAction(408, linked, why)
      assert.equal(next, 'backoff')
      assert.match(message, /^The servers cannot be reached .* Is this machine online/)
      assert.doesNotMatch(message, /QR|code/)
    }
})

test('the message id of a key is the one that the agent predicts', () => {
  assert.equal(messageIdFor('outbox-17'), '3EB00F0AE233BA7D592FD9')
  assert.match(messageIdFor('ü'), /^3EB0[0-9A-F]{18}$/)
  assert.notEqual(messageIdFor('a'), messageIdFor('b'))
})

test('log lines keep their words and lose numbers, addresses and keys', () => {
  assert.equal(redact('no session for 4915112345678:3@s.whatsapp.net'), 'no session for …@…')
  assert.equal(redact('timeout after 20000 ms in query 1234.5-7'), 'timeout after … ms in query ….5-7')
  assert.equal(redact('key 3EB0C54B5CA9B5E0F3A2A1FFFFFFFF'), 'key …')
})

test('the settings have defaults that are safe', () => {
  const config = readConfig({})
  assert.deepEqual([config.host, config.port, config.apiUrl], ['127.0.0.1', 3001, 'http://127.0.0.1:8000'])
  assert.equal(config.mediaMaxBytes, 64 * 1024 * 1024)
  assert.equal(
    readConfig({ CLEO_API_URL: 'https://agent.example/base/' }).apiUrl,
    'https://agent.example/base',
  )
})
