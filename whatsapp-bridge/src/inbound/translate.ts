import { proto, toNumber, type WAMessage } from 'baileys'
import { clock } from '../clock.ts'
import type { InboundEvent, Quoted } from '../contract.ts'
import {
  bareJid,
  type Identity,
  isBroadcastList,
  isGroup,
  isIgnored,
  type LidMapping,
  resolveIdentity,
} from '../jid.ts'
import { type Content, clip, quotedText, readContent, safeId } from './content.ts'
import type { Me } from './journal.ts'

/** An event before delivery, which adds `seq` and the media's address. */
export type PendingEvent = Omit<InboundEvent, 'seq' | 'media'> & { media?: Content['media'] }

/** A message as an event, or why it is none. */
export type Translation =
  | { event: PendingEvent /** unique per message of one author */; key: string; content: 'message' | 'stub' }
  | { ignored: 'status' | 'device' | 'empty' }

const { StubType } = proto.WebMessageInfo

/**
 * Translate a message of WhatsApp into an event of the contract. Nothing that a person wrote is dropped: a kind without
 * a reader becomes an event that names it.
 */
export function translate(message: WAMessage, me: Me, lidMapping: LidMapping, offline: boolean): Translation {
  const chat = message.key.remoteJid ?? ''
  if (isIgnored(chat)) return { ignored: 'status' }
  if (!message.key.id) return { ignored: 'empty' }
  const stub = stubContent(message)
  const content = message.message ? readContent(message.message) : stub
  if (!content) return { ignored: message.message ? 'device' : 'empty' }
  const participants = participantsOf(message, me, lidMapping)
  const event: PendingEvent = {
    ...envelope(message, participants, me),
    ...contentFields(content, lidMapping),
    ...(offline ? { offline } : {}),
  }
  const key = [participants.chat, participants.sender.id, message.key.id].join('|')
  return { event, key, content: message.message ? 'message' : 'stub' }
}

type Participants = { chat: string; sender: Identity; group: boolean }

/** Return chat and sender, as phone JIDs wherever they are known. */
function participantsOf(message: WAMessage, me: Me, lidMapping: LidMapping): Participants {
  const { remoteJid, remoteJidAlt, participant, participantAlt, fromMe } = message.key
  const chat = remoteJid ?? ''
  const self = () => resolveIdentity(me.id, [me.lid], lidMapping)
  if (isGroup(chat)) {
    const author = participant || message.participant
    const sender =
      fromMe || !author ? self() : resolveIdentity(author, [participantAlt ?? undefined], lidMapping)
    return { chat, sender, group: true }
  }
  const peer = isBroadcastList(chat) && participant ? participant : chat
  // for what our own phone wrote, the stanza's other address is ours, not the chat's
  const other = resolveIdentity(peer, fromMe ? [] : [remoteJidAlt ?? participantAlt ?? undefined], lidMapping)
  return { chat: other.id, sender: fromMe ? self() : other, group: false }
}

function envelope(message: WAMessage, { chat, sender, group }: Participants, me: Me): PendingEvent {
  const event: PendingEvent = {
    from: chat,
    messageId: safeId(message.key.id ?? ''),
    timestamp: toNumber(message.messageTimestamp ?? 0) * 1000 || clock.now(),
    senderId: sender.id,
    account: bareJid(me.id) ?? me.id,
  }
  if (sender.aliases.length) event.senderAliases = sender.aliases.slice(0, 8)
  if (message.pushName) event.senderName = clip(message.pushName, 1024)
  if (message.key.fromMe) event.fromMe = true
  if (group) event.isGroup = true
  return event
}

function contentFields({ context, ...content }: Content, lidMapping: LidMapping): Partial<PendingEvent> {
  const quoted = context?.stanzaId ? quotedOf(context, lidMapping) : undefined
  return { ...content, ...(quoted ? { quoted } : {}), ...(context?.isForwarded ? { forwarded: true } : {}) }
}

function quotedOf(context: proto.IContextInfo, lidMapping: LidMapping): Quoted {
  const quoted: Quoted = { messageId: safeId(context.stanzaId ?? '') }
  if (context.participant) quoted.senderId = resolveIdentity(context.participant, [], lidMapping).id
  const text = quotedText(context.quotedMessage)
  if (text) quoted.text = text
  return quoted
}

/** Name a message without content: group changes, missed calls, what could not be decrypted or only the phone may see. */
function stubContent(message: WAMessage): Content | undefined {
  const type = message.messageStubType
  if (!type) return message.key.isViewOnce ? { kind: 'view_once' } : undefined
  if (type === StubType.CIPHERTEXT) return { kind: 'undecryptable' }
  return { kind: (StubType[type] ?? `notice_${type}`).toLowerCase().slice(0, 64) }
}
