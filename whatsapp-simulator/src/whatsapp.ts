import { Curve } from 'baileys'
import type { WebSocket } from 'ws'
import { clock } from './clock.ts'
import { Receipts } from './inbound/receipts.ts'
import { Reception } from './inbound/reception.ts'
import { Retry } from './inbound/retry.ts'
import { Queries } from './login/iq.ts'
import { Linking } from './login/linking.ts'
import { Login } from './login/login.ts'
import { PairingCodes } from './login/pairing-code.ts'
import { MediaRetry } from './media/media-retry.ts'
import { History } from './outbound/history.ts'
import { Post } from './outbound/post.ts'
import { NoiseRoot } from './stream/certificates.ts'
import { Connection, type Events } from './stream/connection.ts'
import { isGroup } from './stream/jid.ts'
import { child, firstChild, type Stanza } from './stream/stanza.ts'
import type { World } from './world.ts'

/** The servers of WhatsApp: takes sockets, and knows who deals with which stanza. */
export class WhatsApp {
  readonly root = new NoiseRoot()
  readonly world: World
  readonly post: Post
  readonly receipts: Receipts
  readonly history: History
  readonly linking = new Linking()
  readonly codes = new PairingCodes(this.linking)
  readonly login: Login
  readonly #queries: Queries
  readonly #reception: Reception
  readonly #key = Curve.generateKeyPair()
  readonly #chain = this.root.chainFor(this.#key.public)
  #connections = 0

  constructor(world: World) {
    this.world = world
    this.post = new Post(world)
    const retry = new Retry(world, this.post)
    this.receipts = new Receipts(world, retry, new MediaRetry(world))
    this.history = new History(world, this.post)
    this.login = new Login(world, this.linking, this.history)
    this.#queries = new Queries(world, this.linking, this.codes, this.login)
    this.#reception = new Reception(world, retry, this.receipts, this.history)
  }

  /** A new socket of a client. */
  accept(socket: WebSocket): void {
    this.#connections += 1
    const identity = { key: this.#key, chain: this.#chain }
    this.world.connections.add(new Connection(this.#connections, socket, identity, this.#events))
  }

  readonly #events: Events = {
    login: (connection, payload) => this.login.enter(connection, payload),
    stanza: (connection, node) => this.#route(connection, node),
    seen: (connection, direction, node) => this.world.recorder.note(connection, direction, node),
    strike: ({ companion }, direction, subject) =>
      this.world.faults.strike(direction, { number: companion?.number, device: companion?.device, subject }),
    closed: (connection) => this.#closed(connection),
  }

  async #route(connection: Connection, node: Stanza): Promise<void> {
    const { companion } = connection
    if (node.tag === 'iq') return this.#queries.receive(connection, node)
    if (!companion) return
    if (node.tag === 'message') return this.#reception.receive(connection, companion, node)
    if (node.tag === 'receipt') return this.receipts.receive(connection, companion, node)
    if (node.tag === 'ack') return this.receipts.acknowledged(companion, node)
    if (node.tag === 'presence' || node.tag === 'chatstate') this.#presence(companion.number, node)
  }

  /** Typing goes to the people of that chat; a client's own availability to nobody. */
  #presence(from: string, node: Stanza): void {
    const { to, type } = node.attrs
    if (to === undefined) return
    const shown = firstChild(node)
    const recording = child(node, 'composing')?.attrs.media === 'audio'
    const state = recording ? 'recording' : (shown?.tag ?? type ?? 'available')
    const group = this.world.groups.get(isGroup(to) ? to : undefined)
    const phones = group ? group.members : [this.world.registry.byJid(to)]
    const chat = group ? group.id : from
    for (const phone of phones)
      if (phone && phone.number !== from) phone.presence.append({ from, chat, state, at: clock.millis() })
  }

  #closed(connection: Connection): void {
    this.world.connections.delete(connection)
    this.linking.forget(connection)
    this.codes.forget(connection)
    const { companion } = connection
    if (companion?.outlet !== connection) return
    companion.outlet = undefined
    companion.ready = false
  }
}
