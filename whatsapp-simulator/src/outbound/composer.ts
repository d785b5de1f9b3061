import { type MediaType, proto } from 'baileys'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import type { MediaStore } from '../media/store.ts'
import type { Body, Draft, MediaDraft } from './draft.ts'
import { encryptEdit, encryptVote, newSecret } from './polls.ts'

/** The chat a message is written in, as its sender sees it. */
export type Chat = {
  /** JID of the other side or of the group, in the chat's addressing. */
  jid: string
  group: boolean
  lid: boolean
  /** The JID of a number in this chat's addressing. */
  jidOf(number: string): string
}

const { Type } = proto.Message.ProtocolMessage
/** `edit` attribute of a message stanza: WhatsApp marks edits and revokes outside the encryption. */
const EDIT = '1'
const REVOKE = '7'

/** Compose a draft as the protobuf that phones exchange. @throws {HttpError} when it names a poll nobody knows */
export async function compose(
  from: Phone,
  draft: Draft,
  chat: Chat,
  media: MediaStore,
): Promise<proto.IMessage> {
  const message = await bodyOf(from, draft, chat, media)
  const context = contextOf(draft, chat)
  const whole = context ? withContext(message, context) : message
  const once = draft.viewOnce ? { viewOnceMessageV2: { message: whole } } : whole
  const outer = draft.ephemeral === undefined ? once : { ephemeralMessage: { message: once } }
  return HAVE_SECRETS.has(draft.body.kind) ? withSecret(outer) : outer
}

/** What phones put a secret into: edits, reactions and comments are encrypted with it later. */
const HAVE_SECRETS = new Set<Body['kind']>(['text', 'media', 'location', 'contact'])

const withSecret = (message: proto.IMessage): proto.IMessage => ({
  ...message,
  messageContextInfo: { ...message.messageContextInfo, messageSecret: newSecret() },
})

/** Return the stanza's `edit` attribute, for bodies that have one. */
export const editAttribute = (body: Body): string | undefined =>
  body.kind === 'edit' && !body.encrypted ? EDIT : body.kind === 'revoke' ? REVOKE : undefined

/** Return the stanza's `type` attribute. */
export function typeAttribute(body: Body): string {
  if (body.kind === 'reaction' || body.kind === 'media') return body.kind
  return body.kind === 'poll' || body.kind === 'vote' ? 'poll' : 'text'
}

async function bodyOf(from: Phone, { body }: Draft, chat: Chat, media: MediaStore): Promise<proto.IMessage> {
  switch (body.kind) {
    case 'text':
      return { conversation: body.text }
    case 'media':
      return mediaMessage(body.media, media)
    case 'reaction':
      return reaction(body, chat)
    case 'edit':
      return edit(from, body, chat)
    case 'revoke':
      return protocolMessage(Type.REVOKE, body.id, chat, {})
    case 'poll':
      return poll(body)
    case 'vote':
      return vote(from, body, chat)
    case 'location': {
      const { latitude: degreesLatitude, longitude: degreesLongitude, name, address } = body
      return {
        locationMessage: { degreesLatitude, degreesLongitude, name: name ?? null, address: address ?? null },
      }
    }
    case 'contact':
      return { contactMessage: { displayName: body.name, vcard: vcard(body.name, body.number) } }
    case 'raw':
      return body.message
    case 'bytes':
      return {}
  }
}

function reaction(body: Extract<Body, { kind: 'reaction' }>, chat: Chat): proto.IMessage {
  const participant = chat.group && body.author !== undefined ? chat.jidOf(body.author) : null
  const key = { remoteJid: chat.jid, fromMe: body.fromMe, id: body.id, participant }
  return { reactionMessage: { key, text: body.emoji, senderTimestampMs: clock.millis() } }
}

function protocolMessage(
  type: proto.Message.ProtocolMessage.Type,
  id: string,
  chat: Chat,
  more: proto.Message.IProtocolMessage,
): proto.IMessage {
  const key = { remoteJid: chat.jid, fromMe: true, id }
  return { protocolMessage: { type, key, timestampMs: clock.millis(), ...more } }
}

/** Compose an edit: open, or encrypted with the secret of the message that it changes, as phones do since May 2026. */
function edit(from: Phone, body: Extract<Body, { kind: 'edit' }>, chat: Chat): proto.IMessage {
  const open = protocolMessage(Type.MESSAGE_EDIT, body.id, chat, {
    editedMessage: { conversation: body.text },
  })
  if (!body.encrypted) return open
  const secret = from.findSent(body.id)?.message.messageContextInfo?.messageSecret
  if (!secret) throw new HttpError(409, `${from.number} has sent no message ${body.id} with a secret`)
  return {
    secretEncryptedMessage: {
      targetMessageKey: { remoteJid: chat.jid, fromMe: true, id: body.id },
      ...encryptEdit(body.id, chat.jidOf(from.number), secret, open),
      secretEncType: proto.Message.SecretEncryptedMessage.SecretEncType.MESSAGE_EDIT,
    },
  }
}

function poll(body: Extract<Body, { kind: 'poll' }>): proto.IMessage {
  const options = body.options.map((optionName) => ({ optionName }))
  return {
    messageContextInfo: { messageSecret: newSecret() },
    pollCreationMessageV3: { name: body.name, options, selectableOptionsCount: body.selectable },
  }
}

function vote(from: Phone, body: Extract<Body, { kind: 'vote' }>, chat: Chat): proto.IMessage {
  const known = from.polls.get(body.id)
  if (!known) throw new HttpError(409, `${from.number} knows no poll ${body.id}`)
  const own = known.creator === from.number
  const parties = { creator: chat.jidOf(known.creator), voter: chat.jidOf(from.number) }
  const participant = chat.group && !own ? chat.jidOf(known.creator) : null
  return {
    pollUpdateMessage: {
      pollCreationMessageKey: { remoteJid: chat.jid, fromMe: own, id: body.id, participant },
      vote: encryptVote(known, parties, body.options),
      senderTimestampMs: clock.millis(),
    },
  }
}

const vcard = (name: string, number: string): string =>
  `BEGIN:VCARD\nVERSION:3.0\nFN:${name}\nTEL;type=CELL;waid=${number}:+${number}\nEND:VCARD`

/** Which keys a kind of media is encrypted with. */
const MEDIA_TYPES: Record<MediaDraft['kind'], MediaType> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  voice: 'ptt',
  document: 'document',
  sticker: 'sticker',
}

async function mediaMessage(draft: MediaDraft, media: MediaStore): Promise<proto.IMessage> {
  const { mimetype, caption = null, seconds = null, width = null, height = null } = draft
  const file = {
    ...(await media.upload(draft.bytes, MEDIA_TYPES[draft.kind])),
    mimetype,
    mediaKeyTimestamp: clock.seconds(),
  }
  switch (draft.kind) {
    case 'image':
      return { imageMessage: { ...file, caption, width, height } }
    case 'video':
      return { videoMessage: { ...file, caption, seconds, width, height } }
    case 'audio':
      return { audioMessage: { ...file, seconds, ptt: false } }
    case 'voice':
      return {
        audioMessage: { ...file, seconds: seconds ?? 1, ptt: true, waveform: new Uint8Array(64).fill(30) },
      }
    case 'sticker':
      return { stickerMessage: { ...file, width: width ?? 512, height: height ?? 512 } }
    case 'document': {
      const documentMessage = {
        ...file,
        fileName: draft.filename ?? 'file',
        title: draft.filename ?? 'file',
        caption,
      }
      return caption === null
        ? { documentMessage }
        : { documentWithCaptionMessage: { message: { documentMessage } } }
    }
  }
}

function contextOf(
  { quote, mentions, forwarded, ephemeral }: Draft,
  chat: Chat,
): proto.IContextInfo | undefined {
  const context: proto.IContextInfo = {
    ...(quote && {
      stanzaId: quote.id,
      participant: quote.author === undefined ? chat.jid : chat.jidOf(quote.author),
      quotedMessage: { conversation: quote.text ?? '' },
    }),
    ...(mentions.length > 0 && { mentionedJid: mentions.map(chat.jidOf) }),
    ...(forwarded && { isForwarded: true, forwardingScore: 1 }),
    ...(ephemeral !== undefined && { expiration: ephemeral }),
  }
  return Object.keys(context).length > 0 ? context : undefined
}

/** Add the context where this kind of message has it; plain text becomes extended text for it. */
function withContext(message: proto.IMessage, contextInfo: proto.IContextInfo): proto.IMessage {
  if (message.conversation) return { extendedTextMessage: { text: message.conversation, contextInfo } }
  const wrapped = message.documentWithCaptionMessage?.message
  if (wrapped) return { documentWithCaptionMessage: { message: withContext(wrapped, contextInfo) } }
  const entries = Object.entries(message).map(([name, part]) =>
    name.endsWith('Message') || name.endsWith('MessageV3') ? [name, { ...part, contextInfo }] : [name, part],
  )
  return Object.fromEntries(entries)
}
