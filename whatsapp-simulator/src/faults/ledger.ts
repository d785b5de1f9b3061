import { clock } from '../clock.ts'

export type DeliveryState = 'queued' | 'receipted' | 'nacked'

/** What WhatsApp knows about one message to one linked device. */
export type Delivery = {
  /** FaultRule of sending, over all phones. */
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

export type DeliveryList = { phone: string; companion: string; messages: Delivery[] }

/** Every message id that phones sent to each linked device, in order, and its delivery state at WhatsApp. */
export class Ledger {
  readonly #lists = new Map<string, { list: DeliveryList; byId: Map<string, Delivery> }>()
  #last = 0

  /** Return the entry of this id; a second sending of an id continues the same entry. */
  open(phone: string, companion: string, message: { id: string; chat: string; kind: string }): Delivery {
    const { list, byId } = this.#list(phone, companion)
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
    list.messages.push(delivery)
    byId.set(message.id, delivery)
    return delivery
  }

  /** Count that the device asked for this message again. */
  countRetry(phone: string, companion: string, id: string): void {
    const delivery = this.#list(phone, companion).byId.get(id)
    if (delivery) delivery.retries += 1
  }

  /** Return the lists of the companions (`number:device`) that `of` selects. */
  lists(of: (companion: string) => boolean = () => true): DeliveryList[] {
    return [...this.#lists.values()].map(({ list }) => list).filter(({ companion }) => of(companion))
  }

  #list(phone: string, companion: string): { list: DeliveryList; byId: Map<string, Delivery> } {
    const key = `${phone}>${companion}`
    let found = this.#lists.get(key)
    if (!found) {
      found = { list: { phone, companion, messages: [] }, byId: new Map() }
      this.#lists.set(key, found)
    }
    return found
  }
}

/** Record the device's answer; a receipt is final, a refusal only until the message is sent again. */
export function settle(delivery: Delivery, error: number | undefined): void {
  if (error !== undefined) delivery.nacks.push(error)
  if (delivery.state === 'receipted') return
  delivery.state = error === undefined ? 'receipted' : 'nacked'
  delivery.settledAt = clock.millis()
}
