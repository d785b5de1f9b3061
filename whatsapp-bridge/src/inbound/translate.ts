import { type proto, toNumber, type WAMessage } from 'baileys'
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
import type { Content } from './content/content.ts'
import { readNotice } from './content/notice.ts'
import { safeId } from './content/protocol.ts'
import { quotedText, readContent } from './content/read.ts'
import { clip, lines } from './content/words.ts'
import type { Me } from './journal.ts'
import { timestampOf } from './timestamp.ts'

/** An event before delivery, which adds `seq` and the media's address. */
export type PendingEvent = Omit<InboundEvent, 'seq' | 'media'> & { media?: Content['media'] }

/** A message as an event, or why it is none. */
export type Translation =
  | { event: PendingEvent /** unique per message of one author */; key: string; content: 'message' | 'stub' }
  | { ignored: 'status' | 'device' | 'empty' }

/**
 * Translate a message of WhatsApp into an event of the contract. Nothing that a person wrote is dropped: a kind without
 * a reader becomes an event that names it.
 *
 * @param found what was read elsewhere: in the message's bytes, with another message's secret, in a notification.
 */
export function translate(
  message: WAMessage,
  me: Me,
  lidMapping: LidMapping,
  offline: boolean,
  found?: Content,
): Translation {
  const chat = message.key.remoteJid ?? ''
  if (isIgnored(chat)) return { ignored: 'status' }
  if (!message.key.id || !bareJid(chat)) return { ignored: 'empty' }
  const content = found ?? (message.message ? readContent(message.message) : readNotice(message, lidMapping))
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
    timestamp: timestampOf(toNumber(message.messageTimestamp ?? 0)),
    senderId: sender.id,
    account: bareJid(me.id) ?? me.id,
  }
  if (sender.aliases.length) event.senderAliases = sender.aliases.slice(0, 8)
  if (message.pushName) event.senderName = clip(message.pushName, 1024)
  if (message.key.fromMe) event.fromMe = true
  if (group) event.isGroup = true
  return event
}

const MOST_MENTIONS = 256

function contentFields(
  { context, about, ...content }: Content,
  lidMapping: LidMapping,
): Partial<PendingEvent> {
  const quoted = context?.stanzaId ? quotedOf(context, lidMapping) : aboutOf(about, lidMapping)
  const mentions = [
    ...(content.mentions ?? []),
    ...(context?.mentionedJid ?? []).flatMap((jid) => mentionOf(jid, lidMapping)),
  ].slice(0, MOST_MENTIONS)
  const ad = context?.externalAdReply
  const referral = ad?.sourceUrl || ad?.sourceId ? lines(ad.title, ad.body, ad.sourceUrl) : ''
  return {
    ...content,
    ...(quoted ? { quoted } : {}),
    ...(mentions.length ? { mentions } : {}),
    ...(referral ? { referral: clip(referral, 4096) } : {}),
    ...(context?.isForwarded ? { forwarded: true } : {}),
  }
}

const mentionOf = (jid: string, lidMapping: LidMapping): string | [] =>
  bareJid(jid) ? safeAddress(resolveIdentity(jid, [], lidMapping).id) : []

/** Return the message that this one is about, as what it replies to. */
function aboutOf(about: Content['about'], lidMapping: LidMapping): Quoted | undefined {
  if (!about?.id) return undefined
  const sender = about.participant ? mentionOf(about.participant, lidMapping) : []
  return { messageId: safeId(about.id), ...(typeof sender === 'string' ? { senderId: sender } : {}) }
}

/** Return an address that the contract allows; senders choose the addresses that they mention. */
const safeAddress = (jid: string): string | [] => (/^[0-9A-Za-z][\w.:@-]{0,127}$/.test(jid) ? jid : [])

function quotedOf(context: proto.IContextInfo, lidMapping: LidMapping): Quoted {
  const quoted: Quoted = { messageId: safeId(context.stanzaId ?? '') }
  const sender = context.participant ? mentionOf(context.participant, lidMapping) : []
  if (typeof sender === 'string') quoted.senderId = sender
  const text = quotedText(context.quotedMessage)
  if (text) quoted.text = text
  return quoted
}
