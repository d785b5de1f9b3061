import type { proto } from 'baileys'
import type { Media, Place } from '../../contract.ts'

/** The part of an event that a message's content decides. */
export type Content = {
  kind: string
  text?: string
  /** What the media server needs; `url` is set at delivery. */
  media?: Omit<Media, 'url'>
  reaction?: string
  reactsToMessageId?: string
  edits?: string
  revokes?: string
  location?: Place
  chosenId?: string
  mentions?: string[]
  /** The message that it is about: a poll, an event, what is pinned or commented on. */
  about?: proto.IMessageKey | null | undefined
  context?: proto.IContextInfo
}

/** Read a message, also one inside another. `undefined`: nothing that a person wrote. */
export type Read = (message: proto.IMessage) => Content | undefined
