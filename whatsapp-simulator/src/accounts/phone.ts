import type { proto } from 'baileys'
import { type Entry, Feed } from '../feed.ts'
import { Mailbox } from '../inbound/mailbox.ts'
import type { Poll } from '../outbound/polls.ts'
import { lidJid, numberJid } from '../stream/jid.ts'
import type { Companion } from './companion.ts'
import { SignalEnd } from './signal.ts'

/** How many sent messages a phone keeps to send them again. */
const MAX_SENT = 20_000

export type Settings = {
  name: string
  /** Sends delivery receipts for what it can read. */
  autoReceipt: boolean
  /** Sends blue ticks as well. */
  autoRead: boolean
  /** Sends an (empty) initial history to a newly linked device, as phones do; Baileys holds its events back until then. */
  initialHistory: boolean
  /** WhatsApp does not tell its LID when it is asked. */
  lidHidden: boolean
}

/** A receipt that reached this phone. `from` is a number; `chat` may be a group id. */
export type Receipt = Entry & {
  id: string
  type: string
  from: string
  device: number
  chat: string
  at: number
}

export type Presence = Entry & { from: string; chat: string; state: string; at: number }

/** A message as it was sent, so that it can be sent again to a device that could not read it. */
export type Sent = {
  message: proto.IMessage
  /** JID of the other side, or of the group, as the sender addressed it. */
  chat: string
  attrs: Record<string, string>
  /** What is encrypted instead of `message`: any bytes. */
  bytes?: Buffer | undefined
}

/** A simulated phone: device 0 of an account. */
export class Phone {
  readonly number: string
  readonly lidUser: string
  readonly jid: string
  readonly lid: string
  readonly settings: Settings
  readonly signal = new SignalEnd()
  /** Its linked devices by device number. */
  readonly companions = new Map<number, Companion>()
  readonly mailbox = new Mailbox()
  readonly receipts = new Feed<Receipt>()
  readonly presence = new Feed<Presence>()
  readonly polls = new Map<string, Poll>()
  /** Older messages, by chat JID, that a linked device may ask for. */
  readonly archive = new Map<string, proto.IWebMessageInfo[]>()
  readonly #sent = new Map<string, Sent>()
  #lastDevice = 0
  #work: Promise<void> = Promise.resolve()

  constructor(number: string, lidUser: string, settings: Settings) {
    this.number = number
    this.lidUser = lidUser
    this.jid = numberJid(number)
    this.lid = lidJid(lidUser)
    this.settings = settings
  }

  /** Return its own JID in the addressing of a chat. */
  own(lid: boolean): string {
    return lid ? this.lid : this.jid
  }

  nextDevice(): number {
    this.#lastDevice += 1
    return this.#lastDevice
  }

  get newestCompanion(): Companion | undefined {
    return [...this.companions.values()].at(-1)
  }

  rememberSent(id: string, sent: Sent): void {
    this.#sent.set(id, sent)
    const oldest = this.#sent.size > MAX_SENT ? this.#sent.keys().next().value : undefined
    if (oldest !== undefined) this.#sent.delete(oldest)
  }

  findSent(id: string): Sent | undefined {
    return this.#sent.get(id)
  }

  /** Run one task after the other: Signal ratchets need order. */
  inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.then(
      () => {},
      () => {},
    )
    return done
  }
}
