import { proto, toNumber, type WAMessage } from 'baileys'
import { clock } from '../clock.ts'
import type { InboundEvent, Quoted } from '../contract.ts'
import { bare, type Directory, type Identity, identify, isBroadcastList, isGroup, isIgnored } from '../jid.ts'
import { type Content, clip, readContent, safeId, wordsOf } from './content.ts'
import type { Me } from './journal.ts'

/** An event before delivery: number, account and media address are added then. */
export type Draft = Omit<InboundEvent, 'seq' | 'media'> & { media?: Content['media'] }

/** One message as an event, or the reason why it is none. */
export type Translation =
  | { event: Draft /** unique per message of one author */; key: string; content: 'message' | 'stub' }
  | { ignored: 'status' | 'device' | 'empty' }

const { StubType } = proto.WebMessageInfo

/**
 * Turns a message of WhatsApp into an event of the contract. What it has to know about addresses comes from
 * `directory`. Nothing a person wrote is dropped; a kind without a reader becomes an event that names it.
 */
export function translate(message: WAMessage, me: Me, directory: Directory, offline: boolean): Translation {
  const chat = message.key.remoteJid ?? ''
  if (isIgnored(chat)) return { ignored: 'status' }
  if (!message.key.id) return { ignored: 'empty' }
  const stub = stubName(message)
  const content = message.message ? readContent(message.message) : stub
  if (!content) return { ignored: message.message ? 'device' : 'empty' }
  const people = peopleOf(message, me, directory)
  const event: Draft = {
    ...envelope(message, people, me),
    ...fields(content, directory),
    ...(offline ? { offline } : {}),
  }
  const key = [people.chat, people.sender.id, message.key.id].join('|')
  return { event, key, content: message.message ? 'message' : 'stub' }
}

type People = { chat: string; sender: Identity; group: boolean }

/** Who wrote, and in which chat: phone JIDs wherever they are known. */
function peopleOf(message: WAMessage, me: Me, directory: Directory): People {
  const { remoteJid, remoteJidAlt, participant, participantAlt, fromMe } = message.key
  const chat = remoteJid ?? ''
  const myself = () => identify(me.id, [me.lid], directory)
  if (isGroup(chat)) {
    const author = participant || message.participant
    const sender = fromMe || !author ? myself() : identify(author, [participantAlt ?? undefined], directory)
    return { chat, sender, group: true }
  }
  const listed = isBroadcastList(chat) && participant ? participant : chat
  // for what our own phone wrote, the stanza's other address is ours, not the chat's
  const other = identify(listed, fromMe ? [] : [remoteJidAlt ?? participantAlt ?? undefined], directory)
  return { chat: other.id, sender: fromMe ? myself() : other, group: false }
}

function envelope(message: WAMessage, { chat, sender, group }: People, me: Me): Draft {
  const event: Draft = {
    from: chat,
    messageId: safeId(message.key.id ?? ''),
    timestamp: toNumber(message.messageTimestamp ?? 0) * 1000 || clock.now(),
    senderId: sender.id,
    account: bare(me.id) ?? me.id,
  }
  if (sender.aliases.length) event.senderAliases = sender.aliases.slice(0, 8)
  if (message.pushName) event.senderName = clip(message.pushName, 1024)
  if (message.key.fromMe) event.fromMe = true
  if (group) event.isGroup = true
  return event
}

function fields({ context, ...content }: Content, directory: Directory): Partial<Draft> {
  const quoted = context?.stanzaId ? quotedOf(context, directory) : undefined
  return { ...content, ...(quoted ? { quoted } : {}), ...(context?.isForwarded ? { forwarded: true } : {}) }
}

function quotedOf(context: proto.IContextInfo, directory: Directory): Quoted {
  const quoted: Quoted = { messageId: safeId(context.stanzaId ?? '') }
  if (context.participant) quoted.senderId = identify(context.participant, [], directory).id
  const text = wordsOf(context.quotedMessage)
  if (text) quoted.text = text
  return quoted
}

/** Notices without content: group changes, missed calls, and what could not be decrypted or only the phone may see. */
function stubName(message: WAMessage): Content | undefined {
  const type = message.messageStubType
  if (!type) return message.key.isViewOnce ? { kind: 'view_once' } : undefined
  if (type === StubType.CIPHERTEXT) return { kind: 'undecryptable' }
  return { kind: (StubType[type] ?? `notice_${type}`).toLowerCase().slice(0, 64) }
}
