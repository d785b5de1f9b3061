import { type MediaType, normalizeMessageContent, type proto, proto as protocol, toNumber } from 'baileys'

/** What a message shows: the parts that depend on its kind. */
export type MessageSummary = {
  kind: string
  text?: string
  caption?: string
  quote?: { id: string; text?: string }
  reaction?: { id: string; emoji: string; fromMe: boolean }
  edit?: { id: string; text: string }
  revoke?: { id: string }
  poll?: { name: string; options: string[] }
  vote?: { id: string; options: string[] }
  location?: { latitude: number; longitude: number; name?: string; address?: string }
  contact?: { name: string; vcard: string }
  media?: {
    kind: MediaKind
    mimetype: string
    filename?: string
    size: number
    seconds?: number
    waveform?: number[]
  }
  viewOnce?: true
  mentions?: string[]
}

export type MediaKind = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker'

/** An encrypted file inside a message, and which keys it uses. */
export type Attachment = { info: MediaMessage; kind: MediaKind; type: MediaType }

type MediaMessage = proto.Message.IImageMessage &
  proto.Message.IVideoMessage &
  proto.Message.IAudioMessage &
  proto.Message.IDocumentMessage

const { Type } = protocol.Message.ProtocolMessage

/** Summarize a message as a phone shows it. */
export function summarize(message: proto.IMessage): MessageSummary {
  const content = normalizeMessageContent(message) ?? {}
  const summary =
    textSummary(content) ??
    changeSummary(content) ??
    pollSummary(content) ??
    placeSummary(content) ??
    mediaSummary(content)
  const once = message.viewOnceMessage ?? message.viewOnceMessageV2 ?? message.viewOnceMessageV2Extension
  return { ...(summary ?? { kind: 'unknown' }), ...contextSummary(content), ...(once && { viewOnce: true }) }
}

/** Return the encrypted file of a message, if it has one. */
export function attachmentOf(message: proto.IMessage): Attachment | undefined {
  const content = normalizeMessageContent(message) ?? {}
  const { imageMessage, videoMessage, audioMessage, documentMessage, stickerMessage } = content
  if (imageMessage) return { info: imageMessage, kind: 'image', type: 'image' }
  if (videoMessage) return { info: videoMessage, kind: 'video', type: 'video' }
  if (audioMessage) return { info: audioMessage, kind: audioMessage.ptt ? 'voice' : 'audio', type: 'audio' }
  if (documentMessage) return { info: documentMessage, kind: 'document', type: 'document' }
  if (stickerMessage) return { info: stickerMessage, kind: 'sticker', type: 'sticker' }
  return undefined
}

const textOf = (content: proto.IMessage): string | undefined =>
  content.conversation || content.extendedTextMessage?.text || undefined

function textSummary(content: proto.IMessage): MessageSummary | undefined {
  const text = textOf(content)
  return text === undefined ? undefined : { kind: 'text', text }
}

function changeSummary({ reactionMessage, protocolMessage }: proto.IMessage): MessageSummary | undefined {
  if (reactionMessage) {
    const { key, text } = reactionMessage
    return {
      kind: 'reaction',
      reaction: { id: key?.id ?? '', emoji: text ?? '', fromMe: key?.fromMe ?? false },
    }
  }
  if (!protocolMessage) return undefined
  const id = protocolMessage.key?.id ?? ''
  if (protocolMessage.type === Type.REVOKE) return { kind: 'revoke', revoke: { id } }
  const edited = normalizeMessageContent(protocolMessage.editedMessage)
  if (protocolMessage.type === Type.MESSAGE_EDIT && edited)
    return { kind: 'edit', edit: { id, text: editedText(edited) } }
  return { kind: 'protocol' }
}

const editedText = (content: proto.IMessage): string =>
  textOf(content) ?? attachmentOf(content)?.info.caption ?? ''

function pollSummary(content: proto.IMessage): MessageSummary | undefined {
  const poll = pollOf(content)
  if (poll) return { kind: 'poll', poll: { name: poll.name ?? '', options: optionsOf(poll) } }
  const vote = content.pollUpdateMessage
  return vote ? { kind: 'vote', vote: { id: vote.pollCreationMessageKey?.id ?? '', options: [] } } : undefined
}

/** Return the poll that a message creates, in whichever version of the field. */
export const pollOf = (content: proto.IMessage): proto.Message.IPollCreationMessage | null | undefined =>
  content.pollCreationMessage ?? content.pollCreationMessageV2 ?? content.pollCreationMessageV3

export const optionsOf = (poll: proto.Message.IPollCreationMessage): string[] =>
  (poll.options ?? []).map((option) => option.optionName ?? '')

function placeSummary({ locationMessage, contactMessage }: proto.IMessage): MessageSummary | undefined {
  if (locationMessage) {
    const { degreesLatitude, degreesLongitude, name, address } = locationMessage
    const place = { latitude: degreesLatitude ?? 0, longitude: degreesLongitude ?? 0 }
    return { kind: 'location', location: { ...place, ...(name && { name }), ...(address && { address }) } }
  }
  if (!contactMessage) return undefined
  return {
    kind: 'contact',
    contact: { name: contactMessage.displayName ?? '', vcard: contactMessage.vcard ?? '' },
  }
}

function mediaSummary(content: proto.IMessage): MessageSummary | undefined {
  const attachment = attachmentOf(content)
  if (!attachment) return undefined
  const { info, kind } = attachment
  const media = {
    kind,
    mimetype: info.mimetype ?? '',
    size: Number(toNumber(info.fileLength)),
    ...(info.fileName && { filename: info.fileName }),
    ...(info.seconds && { seconds: info.seconds }),
    ...(info.waveform?.length && { waveform: [...info.waveform] }),
  }
  return { kind, media, ...(info.caption && { caption: info.caption }) }
}

function contextSummary(content: proto.IMessage): Partial<MessageSummary> {
  const context = contextOf(content)
  if (!context) return {}
  const { stanzaId, quotedMessage, mentionedJid } = context
  const quoted = quotedMessage && normalizeMessageContent(quotedMessage)
  const text = quoted && (textOf(quoted) ?? attachmentOf(quoted)?.info.caption)
  return {
    ...(stanzaId && { quote: { id: stanzaId, ...(text && { text }) } }),
    ...(mentionedJid?.length && { mentions: mentionedJid }),
  }
}

function contextOf(content: proto.IMessage): proto.IContextInfo | null | undefined {
  for (const part of Object.values(content))
    if (part && typeof part === 'object' && 'contextInfo' in part && part.contextInfo) return part.contextInfo
  return undefined
}
