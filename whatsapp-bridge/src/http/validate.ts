import type { LinkByCode, Quoted, React, Read, SendMedia, SendText, Typing } from '../contract.ts'
import { HttpError } from '../errors.ts'
import { parseAddress, parsePhoneNumber } from '../jid.ts'

/** Bodies of the contract, read strictly: what is wrong is said by its field; unknown fields are ignored. */

type Fields = Record<string, unknown>

const ID = /^[!-.0-~]{1,128}$/
const KINDS = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const
const TYPING = ['composing', 'recording', 'paused'] as const
const MAX_TEXT = 65_536
const MAX_LABEL = 1024

const wrong = (field: string, must: string): HttpError =>
  new HttpError(422, 'bad_request', `${field} ${must}`)

export function readSendText(body: unknown): SendText {
  const fields = object(body)
  const text = string(fields, 'text', MAX_TEXT)
  if (!text) throw wrong('text', 'must not be empty.')
  return { to: address(fields, 'to'), text, ...quoted(fields) }
}

export function readSendMedia(body: unknown): SendMedia {
  const fields = object(body)
  const media: SendMedia = { to: address(fields, 'to'), ...quoted(fields) }
  const kind = fields.kind ?? undefined
  if (kind !== undefined) media.kind = oneOf(kind, 'kind', KINDS)
  for (const name of ['mimetype', 'filename'] as const) {
    const value = optionalString(fields, name, MAX_LABEL)
    if (value !== undefined) media[name] = value
  }
  const url = optionalString(fields, 'url', 2048)
  if (url !== undefined) media.url = url
  const caption = optionalString(fields, 'caption', MAX_TEXT)
  if (caption !== undefined) media.caption = caption
  const seconds = fields.seconds ?? undefined
  if (seconds !== undefined) media.seconds = count(seconds, 'seconds')
  return media
}

export function readReact(body: unknown): React {
  const fields = object(body)
  const react: React = {
    to: address(fields, 'to'),
    messageId: id(fields.messageId, 'messageId'),
    emoji: string(fields, 'emoji', 64),
  }
  if (fields.fromMe !== undefined && fields.fromMe !== null) {
    if (typeof fields.fromMe !== 'boolean') throw wrong('fromMe', 'must be true or false.')
    react.fromMe = fields.fromMe
  }
  return { ...react, ...sender(fields) }
}

export function readTyping(body: unknown): Required<Typing> {
  const fields = object(body)
  return { to: address(fields, 'to'), state: oneOf(fields.state ?? 'composing', 'state', TYPING) }
}

export function readRead(body: unknown): Read {
  const fields = object(body)
  const list = fields.messageIds
  if (!Array.isArray(list) || list.length < 1 || list.length > 1000)
    throw wrong('messageIds', 'must be a list of 1 to 1000 message ids.')
  const [first, ...rest] = list.map((value: unknown) => id(value, 'messageIds'))
  return { to: address(fields, 'to'), messageIds: [first ?? '', ...rest], ...sender(fields) }
}

/** @returns the number's digits. */
export function readLinkByCode(body: unknown): LinkByCode {
  const found = parsePhoneNumber(string(object(body), 'phone', 64))
  if ('problem' in found) throw wrong('phone', `cannot be used. ${found.problem}`)
  return { phone: found.digits }
}

function object(body: unknown): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new HttpError(422, 'bad_request', 'The body must be a JSON object.')
  return body as Fields
}

function string(fields: Fields, name: string, most: number): string {
  const value = fields[name]
  if (typeof value !== 'string') throw wrong(name, 'must be a string.')
  if (value.length > most) throw wrong(name, `must have at most ${most} characters.`)
  return value.toWellFormed()
}

const optionalString = (fields: Fields, name: string, most: number): string | undefined =>
  fields[name] === undefined || fields[name] === null ? undefined : string(fields, name, most)

function address(fields: Fields, name: string): string {
  const found = parseAddress(string(fields, name, 128))
  if ('problem' in found) throw wrong(name, `cannot be used. ${found.problem}`)
  return found.jid
}

function id(value: unknown, name: string): string {
  if (typeof value !== 'string' || !ID.test(value))
    throw wrong(name, 'must be a message id: 1–128 visible ASCII characters without a slash.')
  return value
}

const sender = (fields: Fields): { senderId?: string } =>
  fields.senderId === undefined || fields.senderId === null ? {} : { senderId: address(fields, 'senderId') }

function quoted(fields: Fields): { quoted?: Quoted } {
  if (fields.quoted === undefined || fields.quoted === null) return {}
  const inner = object(fields.quoted)
  const quote: Quoted = { messageId: id(inner.messageId, 'quoted.messageId'), ...sender(inner) }
  const text = optionalString(inner, 'text', MAX_TEXT)
  return { quoted: text === undefined ? quote : { ...quote, text } }
}

function oneOf<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (!found) throw wrong(name, `must be one of ${choices.join(', ')}.`)
  return found
}

function count(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw wrong(name, 'must be a whole number, 0 or more.')
  return value
}
