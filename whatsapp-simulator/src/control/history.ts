import type { proto } from 'baileys'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { type Conversation, type HistorySync, HistorySyncType } from '../outbound/history.ts'
import { newMessageId } from '../outbound/outbound.ts'
import { numberJid } from '../stream/jid.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { readRaw } from './drafts.ts'
import { Fields } from './fields.ts'
import { digits, Lookup } from './lookup.ts'
import type { Router } from './router.ts'

const MODES = ['inline', 'blob', 'on-demand'] as const
const TYPES = {
  initial: HistorySyncType.INITIAL_BOOTSTRAP,
  recent: HistorySyncType.RECENT,
  full: HistorySyncType.FULL,
  'push-names': HistorySyncType.PUSH_NAME,
}

/** A conversation, and its other person, whose LID it contains. */
type NamedConversation = Conversation & { other: Phone | undefined }

/** Add the route that sends a phone's history. */
export function historyRoutes(router: Router, whatsapp: WhatsApp): void {
  const lookup = new Lookup(whatsapp.state)

  router.add('POST', '/phones/:number/history', async (call) => {
    const phone = lookup.phone(call.part('number'))
    const body = call.body()
    const mode = body.maybeOneOf('mode', MODES) ?? 'inline'
    const told = body.list('conversations').map((one) => readConversation(one, lookup))
    const sync = readHistorySync(body, told)
    body.finish()
    if (mode !== 'on-demand') return { ids: await whatsapp.history.send(phone, sync, mode) }
    for (const { id, messages } of told)
      phone.archive.set(id, [...(phone.archive.get(id) ?? []), ...messages])
    return { archived: told.reduce((sum, { messages }) => sum + messages.length, 0) }
  })
}

function readHistorySync(body: Fields, told: NamedConversation[]): HistorySync {
  const names = Object.entries(body.dictionary('names')).map(([number, name]) => [
    numberJid(digits(number)),
    name,
  ])
  const lids = body.flag('lids', true)
    ? told.flatMap(({ other }) => (other ? [{ pnJid: other.jid, lidJid: other.lid }] : []))
    : []
  return {
    type: TYPES[body.maybeOneOf('type', Object.keys(TYPES) as (keyof typeof TYPES)[]) ?? 'recent'],
    conversations: told.map(({ other: _other, ...conversation }) => conversation),
    progress: body.maybeCount('progress') ?? 100,
    chunk: body.maybeCount('chunk') ?? 1,
    names: Object.fromEntries(names),
    lids,
  }
}

function readConversation(json: unknown, lookup: Lookup): NamedConversation {
  const conversation = new Fields(json, 'a conversation')
  const group = conversation.maybeText('group')
  const other = group === undefined ? lookup.person(conversation.text('with')) : undefined
  const id = other?.jid ?? lookup.group(group ?? '').id
  const name = conversation.maybeText('name')
  const messages = conversation.list('messages').map((message) => readMessage(message, id, lookup))
  conversation.finish()
  return { id, messages, other, ...(name !== undefined && { name }) }
}

function readMessage(json: unknown, remoteJid: string, lookup: Lookup): proto.IWebMessageInfo {
  const fields = new Fields(json, 'a message of the history')
  const author = fields.maybeText('author')
  const message: proto.IWebMessageInfo = {
    key: {
      remoteJid,
      fromMe: fields.flag('fromMe'),
      id: fields.maybeText('id') ?? newMessageId(),
      participant: author === undefined ? null : lookup.person(author).jid,
    },
    message: fields.has('raw') ? readRaw(fields.take('raw')).message : { conversation: fields.text('text') },
    messageTimestamp: Math.floor((fields.maybeCount('at') ?? clock.millis()) / 1000),
  }
  fields.finish()
  return message
}
