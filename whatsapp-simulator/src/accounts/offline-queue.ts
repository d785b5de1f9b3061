import { type Delivery, settle } from '../faults/ledger.ts'
import { bareJid } from '../stream/jid.ts'
import type { Stanza } from '../stream/stanza.ts'

/** One stanza on its way. A duplicate or resend shares the message id, so each stanza is its own parcel. */
type Parcel = { stanza: Stanza; delivery: Delivery | undefined; writtenOn: object | undefined }

/** How a device settles something: which stanza, and from whom it came (when the device says so). */
export type Settlement = {
  tag: string
  id: string
  from?: string | undefined
  type?: string | undefined
  error?: number | undefined
}

/** What WhatsApp keeps for one linked device until the device has receipted or refused it. */
export class OfflineQueue {
  readonly #parcels = new Set<Parcel>()
  readonly #byId = new Map<string, Parcel[]>()

  get size(): number {
    return this.#parcels.size
  }

  add(stanza: Stanza, delivery: Delivery | undefined): void {
    const parcel = { stanza, delivery, writtenOn: undefined }
    const id = stanza.attrs.id ?? ''
    this.#parcels.add(parcel)
    this.#byId.set(id, [...(this.#byId.get(id) ?? []), parcel])
  }

  /** Hands out, in order, at most `count` stanzas that this connection has not got yet. */
  *unwritten(connection: object, count = Number.POSITIVE_INFINITY): Generator<Stanza> {
    let left = count
    for (const parcel of this.#parcels) {
      if (left <= 0) return
      if (parcel.writtenOn === connection) continue
      left -= 1
      yield this.#write(parcel, connection)
    }
  }

  /** Hands out the newest stanza: the one just added. */
  newest(id: string, connection: object): Stanza | undefined {
    const parcel = this.#byId.get(id)?.at(-1)
    return parcel && this.#write(parcel, connection)
  }

  /** Removes the oldest written stanza that this settles. Returns whether there was one. */
  settle(settlement: Settlement): boolean {
    const written = (this.#byId.get(settlement.id) ?? []).filter((parcel) => settles(settlement, parcel))
    const parcel = written.find((one) => sameSender(one.stanza, settlement.from)) ?? written[0]
    if (!parcel) return false
    this.#remove(parcel, settlement.id)
    if (!parcel.delivery) return true
    settle(parcel.delivery, settlement.error)
    if (parcel.delivery.state === 'nacked' && this.#holds(parcel.delivery)) parcel.delivery.state = 'queued'
    return true
  }

  #write(parcel: Parcel, connection: object): Stanza {
    parcel.writtenOn = connection
    if (parcel.delivery) parcel.delivery.sends += 1
    return parcel.stanza
  }

  #remove(parcel: Parcel, id: string): void {
    this.#parcels.delete(parcel)
    const left = (this.#byId.get(id) ?? []).filter((one) => one !== parcel)
    if (left.length > 0) this.#byId.set(id, left)
    else this.#byId.delete(id)
  }

  #holds(delivery: Delivery): boolean {
    return (this.#byId.get(delivery.id) ?? []).some((parcel) => parcel.delivery === delivery)
  }
}

function settles({ tag, type }: Settlement, { stanza, writtenOn }: Parcel): boolean {
  if (writtenOn === undefined || stanza.tag !== tag) return false
  return tag !== 'receipt' || stanza.attrs.type === type
}

const sameSender = (stanza: Stanza, from: string | undefined): boolean =>
  from !== undefined && bareJid(stanza.attrs.from ?? '') === bareJid(from)
