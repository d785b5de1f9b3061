import { type Delivery, settle } from '../faults/ledger.ts'
import { bareJid } from '../stream/jid.ts'
import type { Stanza } from '../stream/stanza.ts'

/** One stanza to be delivered. A duplicate or resend shares the message id, so each stanza has its own entry. */
type QueuedStanza = { stanza: Stanza; delivery: Delivery | undefined; writtenOn: object | undefined }

/** What a device settles: which stanza, and from whom it came (when the device says so). */
export type Settlement = {
  tag: string
  id: string
  from?: string | undefined
  type?: string | undefined
  error?: number | undefined
}

/** Keep stanzas for one linked device until it has receipted or refused them. */
export class OfflineQueue {
  readonly #queued = new Set<QueuedStanza>()
  readonly #byId = new Map<string, QueuedStanza[]>()

  get size(): number {
    return this.#queued.size
  }

  /** Return what the device has not settled yet: the oldest of it, without content. */
  waiting(most = 20): { tag: string; attrs: Stanza['attrs'] }[] {
    return [...this.#queued].slice(0, most).map(({ stanza: { tag, attrs } }) => ({ tag, attrs }))
  }

  add(stanza: Stanza, delivery: Delivery | undefined): void {
    const queued = { stanza, delivery, writtenOn: undefined }
    const id = stanza.attrs.id ?? ''
    this.#queued.add(queued)
    this.#byId.set(id, [...(this.#byId.get(id) ?? []), queued])
  }

  /** Yield, in order, at most `count` stanzas that this connection has not got yet. */
  *unwritten(connection: object, count = Number.POSITIVE_INFINITY): Generator<Stanza> {
    let left = count
    for (const queued of this.#queued) {
      if (left <= 0) return
      if (queued.writtenOn === connection) continue
      left -= 1
      yield this.#write(queued, connection)
    }
  }

  /** Return the newest stanza of this id: the one just added. */
  newest(id: string, connection: object): Stanza | undefined {
    const queued = this.#byId.get(id)?.at(-1)
    return queued && this.#write(queued, connection)
  }

  /** Remove the oldest written stanza that this settles. @returns whether there was one. */
  settle(settlement: Settlement): boolean {
    const written = (this.#byId.get(settlement.id) ?? []).filter((queued) => settles(settlement, queued))
    const queued = written.find((one) => sameSender(one.stanza, settlement.from)) ?? written[0]
    if (!queued) return false
    this.#remove(queued, settlement.id)
    if (!queued.delivery) return true
    settle(queued.delivery, settlement.error)
    if (queued.delivery.state === 'nacked' && this.#holds(queued.delivery)) queued.delivery.state = 'queued'
    return true
  }

  #write(queued: QueuedStanza, connection: object): Stanza {
    queued.writtenOn = connection
    if (queued.delivery) queued.delivery.sends += 1
    return queued.stanza
  }

  #remove(queued: QueuedStanza, id: string): void {
    this.#queued.delete(queued)
    const left = (this.#byId.get(id) ?? []).filter((one) => one !== queued)
    if (left.length > 0) this.#byId.set(id, left)
    else this.#byId.delete(id)
  }

  #holds(delivery: Delivery): boolean {
    return (this.#byId.get(delivery.id) ?? []).some((queued) => queued.delivery === delivery)
  }
}

function settles({ tag, type }: Settlement, { stanza, writtenOn }: QueuedStanza): boolean {
  if (writtenOn === undefined || stanza.tag !== tag) return false
  return tag !== 'receipt' || stanza.attrs.type === type
}

const sameSender = (stanza: Stanza, from: string | undefined): boolean =>
  from !== undefined && bareJid(stanza.attrs.from ?? '') === bareJid(from)
