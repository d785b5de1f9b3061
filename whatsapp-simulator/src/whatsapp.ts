import { Curve } from 'baileys'
import type { WebSocket } from 'ws'
import { clock } from './clock.ts'
import { Inbound } from './inbound/inbound.ts'
import { Receipts } from './inbound/receipts.ts'
import { Retry } from './inbound/retry.ts'
import { Queries } from './login/iq.ts'
import { Linking } from './login/linking.ts'
import { Login } from './login/login.ts'
import { PairingCodes } from './login/pairing-code.ts'
import { MediaRetry } from './media/retry.ts'
import { History } from './outbound/history.ts'
import { Outbound } from './outbound/outbound.ts'
import type { State } from './state.ts'
import { NoiseRoot } from './stream/certificates.ts'
import { Connection, type Events } from './stream/connection.ts'
import { isGroup } from './stream/jid.ts'
import { child, firstChild, type Stanza } from './stream/stanza.ts'

/** WhatsApp's servers: accept sockets, and route each stanza to its handler. */
export class WhatsApp {
  readonly root = new NoiseRoot()
  readonly state: State
  readonly outbound: Outbound
  readonly receipts: Receipts
  readonly history: History
  readonly linking = new Linking()
  readonly codes = new PairingCodes(this.linking)
  readonly login: Login
  readonly #queries: Queries
  readonly #inbound: Inbound
  readonly #key = Curve.generateKeyPair()
  readonly #chain = this.root.chainFor(this.#key.public)
  #connections = 0

  constructor(state: State) {
    this.state = state
    this.outbound = new Outbound(state)
    const retry = new Retry(state, this.outbound)
    this.receipts = new Receipts(state, retry, new MediaRetry(state))
    this.history = new History(state, this.outbound)
    this.login = new Login(state, this.linking, this.history)
    this.#queries = new Queries(state, this.linking, this.codes, this.login)
    this.#inbound = new Inbound(state, retry, this.receipts, this.history)
  }

  /** Accept a client's socket. */
  accept(socket: WebSocket): void {
    this.#connections += 1
    const identity = { key: this.#key, chain: this.#chain }
    this.state.connections.add(new Connection(this.#connections, socket, identity, this.#events))
  }

  readonly #events: Events = {
    login: (connection, payload) => this.login.authenticate(connection, payload),
    stanza: (connection, node) => this.#route(connection, node),
    passed: (connection, direction, node) => this.state.recorder.record(connection, direction, node),
    matchFault: ({ companion }, direction, subject) =>
      this.state.faults.match(direction, { number: companion?.number, device: companion?.device, subject }),
    closed: (connection) => this.#closed(connection),
  }

  async #route(connection: Connection, node: Stanza): Promise<void> {
    const { companion } = connection
    if (node.tag === 'iq') return this.#queries.receive(connection, node)
    if (!companion) return
    if (node.tag === 'message') return this.#inbound.receive(connection, companion, node)
    if (node.tag === 'receipt') return this.receipts.receive(connection, companion, node)
    if (node.tag === 'ack') return this.receipts.onAck(companion, node)
    if (node.tag === 'presence' || node.tag === 'chatstate') this.#presence(companion.number, node)
  }

  /** Pass typing on to the phones of that chat; a client's own availability goes to nobody. */
  #presence(from: string, node: Stanza): void {
    const { to, type } = node.attrs
    if (to === undefined) return
    const shown = firstChild(node)
    const recording = child(node, 'composing')?.attrs.media === 'audio'
    const state = recording ? 'recording' : (shown?.tag ?? type ?? 'available')
    const group = this.state.groups.get(isGroup(to) ? to : undefined)
    const phones = group ? group.members : [this.state.registry.byJid(to)]
    const chat = group ? group.id : from
    for (const phone of phones)
      if (phone && phone.number !== from) phone.presence.append({ from, chat, state, at: clock.millis() })
  }

  #closed(connection: Connection): void {
    this.state.connections.delete(connection)
    this.linking.forget(connection)
    this.codes.forget(connection)
    const { companion } = connection
    if (companion?.connection !== connection) return
    companion.connection = undefined
    companion.ready = false
  }
}
