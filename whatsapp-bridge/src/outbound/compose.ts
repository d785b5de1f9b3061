import type { AnyMessageContent, proto, WAMessageKey } from 'baileys'
import type { Quoted, React, SendMedia } from '../contract.ts'
import { isGroup } from '../jid.ts'
import { flatWaveform, type Sound } from './sound.ts'

/** A file ready to be sent. */
export type File = { path: string; mimetype: string; filename: string | undefined }

/** Find the key of a received message, as its author's client knows it. */
export type FindKey = (id: string) => proto.IMessageKey | undefined

type Kind = NonNullable<SendMedia['kind']>

export const textMessage = (text: string): AnyMessageContent => ({ text, linkPreview: null })

/** Compose a reaction; an empty emoji takes it back. */
export function reactionMessage(to: string, command: React, findKey: FindKey): AnyMessageContent {
  return {
    react: {
      text: command.emoji,
      key: messageKey(to, command.messageId, command.fromMe === true, command.senderId, findKey),
    },
  }
}

/** Return the media kind for a mimetype when the caller names none. */
export function kindFor(mimetype: string): Kind {
  if (mimetype === 'image/webp') return 'sticker'
  const family = mimetype.split('/')[0]
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'document'
}

/**
 * Compose a media message. It sets thumbnail, length and waveform, so that Baileys looks for no image or audio library.
 *
 * @param sound what was read from an audio file.
 */
export function mediaMessage(kind: Kind, file: File, fields: SendMedia, sound?: Sound): AnyMessageContent {
  const source = { url: file.path }
  const { mimetype } = file
  const caption = fields.caption ? { caption: fields.caption } : {}
  const seconds = fields.seconds ?? sound?.seconds ?? 0
  const none = { jpegThumbnail: '' }
  switch (kind) {
    case 'image':
      return { image: source, mimetype, ...caption, ...none }
    case 'video':
      return { video: source, mimetype, ...caption, ...none, ...(seconds ? { seconds } : {}) }
    case 'audio':
      return { audio: source, mimetype, seconds }
    case 'voice':
      return { audio: source, mimetype, seconds, ptt: true, ...waveformOf(sound) }
    case 'sticker':
      return { sticker: source, mimetype }
    case 'document':
      return { document: source, mimetype, fileName: file.filename ?? 'file', ...caption }
    default:
      return kind satisfies never
  }
}

/** Return the option that makes a message a reply. */
export function quoteOption(
  to: string,
  quoted: Quoted | null | undefined,
  findKey: FindKey,
  isSelf: (id?: string | null) => boolean,
) {
  if (!quoted) return {}
  const fromMe = isSelf(quoted.senderId)
  const key = messageKey(to, quoted.messageId, fromMe, quoted.senderId, findKey)
  return { quoted: { key, message: { conversation: quoted.text ?? '' } } }
}

/** Return a message's key as its chat has it: a group member is addressed as the group addresses them. */
export function messageKey(
  to: string,
  id: string,
  fromMe: boolean,
  senderId: string | null | undefined,
  findKey: FindKey,
): WAMessageKey {
  const received = fromMe ? undefined : findKey(id)
  const participant = received?.participant || (isGroup(to) && !fromMe ? senderId : undefined)
  return { remoteJid: to, id, fromMe, ...(participant ? { participant } : {}) }
}

/** Return the bars of a voice note. (Missing in Baileys' types.) */
const waveformOf = (sound: Sound | undefined): object => ({ waveform: sound?.waveform ?? flatWaveform() })
