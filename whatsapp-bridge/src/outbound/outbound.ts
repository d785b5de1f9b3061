import type { AnyMessageContent, proto, WAMessageKey } from 'baileys'
import type { Quoted, React, SendMedia } from '../contract.ts'
import { isGroup } from '../jid.ts'

/** A file ready to be sent. */
export type File = { path: string; mimetype: string; filename: string | undefined }

/** Finds the key of a received message, as its author's client knows it. */
export type FindKey = (id: string) => proto.IMessageKey | undefined

type Kind = NonNullable<SendMedia['kind']>

export const textMessage = (text: string): AnyMessageContent => ({ text, linkPreview: null })

/** Cleo's reaction; an empty emoji takes it back. */
export function reaction(to: string, command: React, findKey: FindKey): AnyMessageContent {
  return {
    react: {
      text: command.emoji,
      key: keyOf(to, command.messageId, command.fromMe === true, command.senderId, findKey),
    },
  }
}

/** The media kind for a mimetype when the caller names none. */
export function kindFor(mimetype: string): Kind {
  if (mimetype === 'image/webp') return 'sticker'
  const family = mimetype.split('/')[0]
  return family === 'image' || family === 'video' || family === 'audio' ? family : 'document'
}

/** Thumbnail, length and waveform are given here, so that Baileys looks for no image or audio library. */
export function mediaMessage(kind: Kind, file: File, fields: SendMedia): AnyMessageContent {
  const source = { url: file.path }
  const { mimetype } = file
  const caption = fields.caption ? { caption: fields.caption } : {}
  const seconds = fields.seconds ?? 0
  const none = { jpegThumbnail: '' }
  switch (kind) {
    case 'image':
      return { image: source, mimetype, ...caption, ...none }
    case 'video':
      return { video: source, mimetype, ...caption, ...none, ...(seconds ? { seconds } : {}) }
    case 'audio':
      return { audio: source, mimetype, seconds }
    case 'voice':
      return { audio: source, mimetype, seconds, ptt: true, ...flatWaveform() }
    case 'sticker':
      return { sticker: source, mimetype }
    case 'document':
      return { document: source, mimetype, fileName: file.filename ?? 'file', ...caption }
    default:
      return kind satisfies never
  }
}

/** The quote that makes a message a reply. */
export function quoting(
  to: string,
  quoted: Quoted | null | undefined,
  findKey: FindKey,
  myself: (id?: string | null) => boolean,
) {
  if (!quoted) return {}
  const fromMe = myself(quoted.senderId)
  const key = keyOf(to, quoted.messageId, fromMe, quoted.senderId, findKey)
  return { quoted: { key, message: { conversation: quoted.text ?? '' } } }
}

/** A message's key in the terms of its own chat: a group member is named as the group names them. */
export function keyOf(
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

/** 64 bars of middle height: a voice note shows a line when nobody measured its sound. (Missing in Baileys' types.) */
const flatWaveform = (): object => ({ waveform: new Uint8Array(64).fill(40) })
