import { readFileSync } from 'node:fs'
import { proto } from 'baileys'
import { HttpError } from '../http-error.ts'
import { reason } from '../log.ts'
import type { Body, Draft, MediaDraft } from '../outbound/draft.ts'
import { Fields } from './fields.ts'
import { digits } from './lookup.ts'

const MEDIA_KINDS = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const

/** The reader of each kind of content; a message has exactly one. */
const BODIES: Record<string, (message: Fields) => Body> = {
  media: (message) => ({
    kind: 'media',
    media: readMedia(message.object('media'), message.maybeText('text')),
  }),
  text: (message) => ({ kind: 'text', text: message.text('text') }),
  reaction: (message) => readReaction(message.object('reaction')),
  edit: (message) =>
    read(message.object('edit'), (edit) => ({
      kind: 'edit',
      id: edit.text('id'),
      text: edit.text('text'),
      encrypted: edit.flag('encrypted'),
    })),
  revoke: (message) =>
    read(message.object('revoke'), (revoke) => ({ kind: 'revoke', id: revoke.text('id') })),
  poll: (message) => read(message.object('poll'), readPoll),
  vote: (message) =>
    read(message.object('vote'), (vote) => ({
      kind: 'vote',
      id: vote.text('id'),
      options: vote.texts('options'),
    })),
  location: (message) => read(message.object('location'), readLocation),
  contact: (message) =>
    read(message.object('contact'), (contact) => ({
      kind: 'contact',
      name: contact.text('name'),
      number: digits(contact.text('number')),
    })),
  raw: (message) => readRaw(message.take('raw')),
  bytes: (message) => ({ kind: 'bytes', bytes: Buffer.from(message.text('bytes'), 'base64') }),
}

/** Read one message of `POST /phones/{number}/messages`. @throws {HttpError} when it is not a whole message */
export function readDraft(json: unknown): Draft {
  const message = new Fields(json, 'a message')
  const draft: Draft = {
    ...readAddress(message),
    body: readBody(message),
    id: message.maybeText('id'),
    quote: readQuote(message.maybeObject('quote')),
    mentions: message.texts('mentions').map(digits),
    viewOnce: message.flag('viewOnce'),
    forwarded: message.flag('forwarded'),
    ephemeral: message.maybeCount('ephemeral'),
    lid: message.flag('lid'),
    altJid: message.flag('altJid', true),
    name: message.maybeText('name'),
    timestamp: message.maybeCount('timestamp'),
    broadcast: message.flag('broadcast'),
    absent: message.flag('absent'),
  }
  message.finish()
  return draft
}

function readAddress(message: Fields): { to: string | undefined; group: string | undefined } {
  const to = message.maybeText('to')
  const group = message.maybeText('group')
  if ((to === undefined) === (group === undefined))
    throw new HttpError(400, 'a message needs either "to" or "group"')
  return { to: to === undefined || to.includes('@') ? to : digits(to), group }
}

function readBody(message: Fields): Body {
  const [kind, more] = Object.keys(BODIES).filter(
    (name) => message.has(name) && !(name === 'text' && message.has('media')),
  )
  const reader = BODIES[kind ?? '']
  if (!reader) throw new HttpError(400, `a message needs one of ${Object.keys(BODIES).join(', ')}`)
  if (more !== undefined) throw new HttpError(400, `a message cannot have "${kind}" and "${more}" at once`)
  return reader(message)
}

/** Read an inner object and refuse unknown fields. */
function read<T>(fields: Fields, reader: (fields: Fields) => T): T {
  const value = reader(fields)
  fields.finish()
  return value
}

const readReaction = (reaction: Fields): Body =>
  read(reaction, (fields) => ({
    kind: 'reaction',
    id: fields.text('id'),
    emoji: fields.text('emoji'),
    fromMe: fields.flag('fromMe'),
    author: optionalNumber(fields.maybeText('author')),
  }))

function readPoll(poll: Fields): Body {
  const options = poll.texts('options')
  if (options.length < 2) throw new HttpError(400, 'a poll needs at least two "options"')
  return { kind: 'poll', name: poll.text('name'), options, selectable: poll.maybeCount('selectable') ?? 1 }
}

const readLocation = (location: Fields): Body => ({
  kind: 'location',
  latitude: location.number('latitude'),
  longitude: location.number('longitude'),
  name: location.maybeText('name'),
  address: location.maybeText('address'),
})

const readQuote = (quote: Fields | undefined): Draft['quote'] =>
  quote &&
  read(quote, (fields) => ({
    id: fields.text('id'),
    text: fields.maybeText('text'),
    author: optionalNumber(fields.maybeText('author')),
  }))

const optionalNumber = (number: string | undefined): string | undefined =>
  number === undefined ? undefined : digits(number)

function readMedia(media: Fields, text: string | undefined): MediaDraft {
  return read(media, (fields) => ({
    kind: fields.oneOf('kind', MEDIA_KINDS),
    bytes: readBytes(fields.maybeText('base64'), fields.maybeText('path')),
    mimetype: fields.text('mimetype'),
    filename: fields.maybeText('filename'),
    caption: fields.maybeText('caption') ?? text,
    seconds: fields.maybeNumber('seconds'),
    width: fields.maybeCount('width'),
    height: fields.maybeCount('height'),
  }))
}

function readBytes(base64: string | undefined, path: string | undefined): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  if (path === undefined) throw new HttpError(400, 'media needs "base64" or "path"')
  try {
    return readFileSync(path)
  } catch {
    throw new HttpError(400, `the file at "path" cannot be read: ${path}`)
  }
}

/** @throws {HttpError} when it is no `proto.Message` */
export function readRaw(json: unknown): { kind: 'raw'; message: proto.IMessage } {
  if (typeof json !== 'object' || json === null)
    throw new HttpError(400, '"raw" must be a proto.Message as a JSON object')
  const strange = Object.keys(json).find((name) => !(name in proto.Message.prototype))
  if (strange) throw new HttpError(400, `proto.Message has no field "${strange}"`)
  try {
    return { kind: 'raw', message: proto.Message.fromObject(json) }
  } catch (error) {
    throw new HttpError(400, `"raw" is no proto.Message: ${reason(error)}`)
  }
}
