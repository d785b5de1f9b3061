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

/** What stanzas for a linked device are written to while it is online: its connection. */
export type StanzaSink = { send(node: Stanza): void }

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
  connection: StanzaSink | undefined
  /** Its offline batch is delivered: what is sent now is delivered at once. */
  ready = false
  /** Its offline batch is held back on command. */
  held = false
  /** It has got its first offline batch since it was linked. */
  settledOnce = false

  constructor(owner: { number: string; lidUser: string }, device: number, clientKey: Buffer, bundle: Bundle) {
    this.number = owner.number
    this.device = device
    this.jid = numberJid(owner.number, device)
    this.lid = lidJid(owner.lidUser, device)
    this.clientKey = clientKey
    this.bundle = bundle
  }

  /** Queue a stanza until the device settles it, and write it if the device is online. */
  deliver(node: Stanza, delivery?: Delivery): void {
    this.queue.add(node, delivery)
    if (!this.connection || !this.ready) return
    const next = this.queue.newest(node.attrs.id ?? '', this.connection)
    if (next) this.#write(next)
  }

  /** Write a stanza if the device is online, without queueing it (typing, presence). */
  push(node: Stanza): void {
    if (this.ready) this.connection?.send(node)
  }

  /** Deliver what has waited, at most `count` stanzas, marked as offline. @returns how many. */
  flush(count?: number): number {
    if (!this.connection) return 0
    let flushed = 0
    for (const node of this.queue.unwritten(this.connection, count)) {
      this.#write({ ...node, attrs: { ...node.attrs, offline: String(flushed) } })
      flushed += 1
    }
    return flushed
  }

  /** Take a one-time prekey for a new session; asks the device for more when they run low. */
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
    this.connection?.send(node)
  }
}

const preKeysLow = (count: number): Stanza =>
  stanza('notification', { from: '@s.whatsapp.net', type: 'encrypt', id: `prekeys-${count}` }, [
    stanza('count', { value: String(count) }),
  ])
