import type { proto } from 'baileys'
import { clock } from '../clock.ts'
import { type Entry, Feed } from '../feed.ts'
import type { MessageSummary } from './summary.ts'

/** A message that reached a phone, readable or not. Numbers, never JIDs; `chat` may be a group id. */
export type Arrival = {
  id: string
  from: string
  device: number
  to: string
  chat: string
  fromMe: boolean
  encryption: 'pkmsg' | 'msg' | 'skmsg' | 'local'
  addressing: 'pn' | 'lid'
  message?: proto.IMessage
  error?: string
}

type FileFacts = { sha256?: string; url?: string; error?: string }

/** One bubble on the phone's screen. */
export type Bubble = Entry &
  Omit<Arrival, 'message'> &
  Omit<MessageSummary, 'media'> & {
    media?: MessageSummary['media'] & FileFacts
    deliveries: number
    at: number
  }

/** One raw arrival, repeats included. */
export type DeliveryEntry = Entry &
  Pick<Arrival, 'id' | 'from' | 'chat' | 'error'> & { kind: string; repeat: boolean; at: number }

/** A message as the phone shows it: its summary, completed by what only the phone knows (file contents, votes). */
export type ShownMessage = Omit<MessageSummary, 'media'> & { media?: MessageSummary['media'] & FileFacts }

/** A phone's screen: one bubble for one message id, however often it arrives. */
export class Mailbox {
  readonly bubbles = new Feed<Bubble>()
  readonly deliveries = new Feed<DeliveryEntry>()
  undecryptable = 0
  readonly #shown = new Map<string, Bubble>()
  readonly #messages = new Map<number, proto.IMessage>()

  /** Return whether this id is on the screen already, readable. */
  has(arrival: Pick<Arrival, 'chat' | 'from' | 'id'>): boolean {
    return this.#shown.has(keyOf(arrival))
  }

  /** Show a readable message. @returns whether it made a new bubble. */
  show(arrival: Arrival, shownMessage: ShownMessage): boolean {
    const shown = this.#shown.get(keyOf(arrival))
    this.#record(arrival, shownMessage.kind, shown !== undefined)
    if (shown) {
      shown.deliveries += 1
      return false
    }
    const { message, ...facts } = arrival
    const bubble = this.bubbles.append({ ...facts, ...shownMessage, deliveries: 1, at: clock.millis() })
    this.#shown.set(keyOf(arrival), bubble)
    if (message) this.#messages.set(bubble.seq, message)
    return true
  }

  /** Show one that could not be decrypted: the "waiting for this message" bubble. */
  showUndecryptable(arrival: Arrival & { error: string }): void {
    this.undecryptable += 1
    this.#record(arrival, 'undecryptable', false)
    this.bubbles.append({ ...arrival, kind: 'undecryptable', deliveries: 1, at: clock.millis() })
  }

  /** Find a shown message by sequence number or message id, with its content. */
  find(seqOrId: string): { bubble: Bubble; message: proto.IMessage } | undefined {
    for (const bubble of this.bubbles.after(0)) {
      const message = this.#messages.get(bubble.seq)
      if (message && (String(bubble.seq) === seqOrId || bubble.id === seqOrId)) return { bubble, message }
    }
    return undefined
  }

  #record({ id, from, chat, error }: Arrival, kind: string, repeat: boolean): void {
    this.deliveries.append({ id, from, chat, kind, repeat, at: clock.millis(), ...(error && { error }) })
  }
}

const keyOf = ({ chat, from, id }: Pick<Arrival, 'chat' | 'from' | 'id'>): string => `${chat}|${from}|${id}`
