import type { proto } from 'baileys'
import type { MediaKind } from '../inbound/summary.ts'

export type MediaDraft = {
  kind: MediaKind
  bytes: Buffer
  mimetype: string
  filename: string | undefined
  caption: string | undefined
  seconds: number | undefined
  width: number | undefined
  height: number | undefined
}

/** What a message says. Ids are WhatsApp message ids; authors are numbers. */
export type Body =
  | { kind: 'text'; text: string }
  | { kind: 'media'; media: MediaDraft }
  | { kind: 'reaction'; id: string; emoji: string; fromMe: boolean; author: string | undefined }
  | { kind: 'edit'; id: string; text: string; encrypted: boolean }
  | { kind: 'revoke'; id: string }
  | { kind: 'poll'; name: string; options: string[]; selectable: number }
  | { kind: 'vote'; id: string; options: string[] }
  | {
      kind: 'location'
      latitude: number
      longitude: number
      name: string | undefined
      address: string | undefined
    }
  | { kind: 'contact'; name: string; number: string }
  | { kind: 'raw'; message: proto.IMessage }
  | { kind: 'bytes'; bytes: Buffer }

/** One message that a phone is told to send. */
export type Draft = {
  /** A number or JID; or else `group`. */
  to: string | undefined
  group: string | undefined
  body: Body
  id: string | undefined
  quote: { id: string; text: string | undefined; author: string | undefined } | undefined
  mentions: string[]
  viewOnce: boolean
  forwarded: boolean
  ephemeral: number | undefined
  lid: boolean
  altJid: boolean
  name: string | undefined
  timestamp: number | undefined
  broadcast: boolean
  absent: boolean
}
