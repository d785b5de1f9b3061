import { clock } from '../clock.ts'

export type DeliveryState = 'queued' | 'receipted' | 'nacked'

/** What WhatsApp knows about one message to one linked device. */
export type Delivery = {
  /** Order of sending, over all phones. */
  seq: number
  id: string
  /** The other number, or the group id. */
  chat: string
  kind: string
  state: DeliveryState
  /** How often it was written to a connection (redeliveries, resends and duplicates included). */
  sends: number
  nacks: number[]
  retries: number
  at: number
  settledAt?: number
}

export type Book = { phone: string; companion: string; messages: Delivery[] }

/** The oracle: every message id the phones sent to each linked device, in order, and what WhatsApp was told of it. */
export class Ledger {
  readonly #books = new Map<string, { book: Book; byId: Map<string, Delivery> }>()
  #last = 0

  /** The entry of this id; a second sending of an id goes on in the same entry. */
  open(phone: string, companion: string, message: { id: string; chat: string; kind: string }): Delivery {
    const { book, byId } = this.#book(phone, companion)
    const known = byId.get(message.id)
    if (known) {
      if (known.state === 'nacked') known.state = 'queued'
      return known
    }
    this.#last += 1
    const delivery: Delivery = {
      seq: this.#last,
      ...message,
      state: 'queued',
      sends: 0,
      nacks: [],
      retries: 0,
      at: clock.millis(),
    }
    book.messages.push(delivery)
    byId.set(message.id, delivery)
    return delivery
  }

  /** Notes that the device asked for this message again. */
  noteRetry(phone: string, companion: string, id: string): void {
    const delivery = this.#book(phone, companion).byId.get(id)
    if (delivery) delivery.retries += 1
  }

  /** The books of a companion (`number:device`), or all. */
  books(of: (companion: string) => boolean = () => true): Book[] {
    return [...this.#books.values()].map(({ book }) => book).filter(({ companion }) => of(companion))
  }

  #book(phone: string, companion: string): { book: Book; byId: Map<string, Delivery> } {
    const key = `${phone}>${companion}`
    let found = this.#books.get(key)
    if (!found) {
      found = { book: { phone, companion, messages: [] }, byId: new Map() }
      this.#books.set(key, found)
    }
    return found
  }
}

/** Notes what the device said; a receipt is final, a refusal only until the message is sent again. */
export function settle(delivery: Delivery, error: number | undefined): void {
  if (error !== undefined) delivery.nacks.push(error)
  if (delivery.state === 'receipted') return
  delivery.state = error === undefined ? 'receipted' : 'nacked'
  delivery.settledAt = clock.millis()
}
