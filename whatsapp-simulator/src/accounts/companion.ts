import type { Delivery } from '../faults/ledger.ts'
import { lidJid, numberJid } from '../stream/jid.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import { OfflineQueue } from './offline-queue.ts'

/** Below this many one-time prekeys the server asks the device for more. */
const FEW_PREKEYS = 5

export type PublicKey = { id: number; key: Buffer }
export type SignedPublicKey = PublicKey & { signature: Buffer }

/** The device's public Signal keys as the server keeps them. */
export type Bundle = { registrationId: number; identity: Buffer; signedPreKey: SignedPublicKey }

/** Where a linked device is reached while it is online: its connection. */
export type Outlet = { send(node: Stanza): void }

export type Counters = {
  /** Message stanzas written to the device. */
  delivered: number
  receipts: number
  acks: number
  nacks: number
  retries: number
  /** Messages the device sent. */
  messages: number
}

/** A linked device (the bridge): its keys, and what waits for it. It outlives connections. */
export class Companion {
  readonly number: string
  readonly device: number
  readonly jid: string
  readonly lid: string
  /** The static Noise key it must log in with. */
  readonly clientKey: Buffer
  readonly bundle: Bundle
  readonly preKeys = new Map<number, Buffer>()
  readonly queue = new OfflineQueue()
  readonly counters: Counters = { delivered: 0, receipts: 0, acks: 0, nacks: 0, retries: 0, messages: 0 }
  /** Its connection, when it is logged in. */
  outlet: Outlet | undefined
  /** Its offline batch is through: what is sent now is delivered at once. */
  ready = false
  /** Its offline batch is held on command. */
  held = false
  /** It has got its first offline batch since it was linked. */
  seen = false

  constructor(owner: { number: string; lidUser: string }, device: number, clientKey: Buffer, bundle: Bundle) {
    this.number = owner.number
    this.device = device
    this.jid = numberJid(owner.number, device)
    this.lid = lidJid(owner.lidUser, device)
    this.clientKey = clientKey
    this.bundle = bundle
  }

  /** Queues a stanza until the device settles it, and writes it if the device is there. */
  deliver(node: Stanza, delivery?: Delivery): void {
    this.queue.add(node, delivery)
    if (!this.outlet || !this.ready) return
    const next = this.queue.newest(node.attrs.id ?? '', this.outlet)
    if (next) this.#write(next)
  }

  /** Writes a stanza if the device is there; nobody waits for it (typing, presence). */
  push(node: Stanza): void {
    if (this.ready) this.outlet?.send(node)
  }

  /** Delivers what has waited, at most `count` stanzas, marked as offline. Returns how many. */
  flush(count?: number): number {
    if (!this.outlet) return 0
    let flushed = 0
    for (const node of this.queue.unwritten(this.outlet, count)) {
      this.#write({ ...node, attrs: { ...node.attrs, offline: String(flushed) } })
      flushed += 1
    }
    return flushed
  }

  /** One one-time prekey for whoever starts a session; asks for more when they run low. */
  takePreKey(): PublicKey | undefined {
    const next = this.preKeys.entries().next()
    if (next.done) return undefined
    const [id, key] = next.value
    this.preKeys.delete(id)
    if (this.preKeys.size === FEW_PREKEYS - 1) this.push(preKeysLow(this.preKeys.size))
    return { id, key }
  }

  #write(node: Stanza): void {
    if (node.tag === 'message') this.counters.delivered += 1
    this.outlet?.send(node)
  }
}

const preKeysLow = (count: number): Stanza =>
  stanza('notification', { from: '@s.whatsapp.net', type: 'encrypt', id: `prekeys-${count}` }, [
    stanza('count', { value: String(count) }),
  ])
