import { decodeBinaryNode, encodeBinaryNode, type KeyPair, type proto } from 'baileys'
import type { WebSocket } from 'ws'
import type { Companion } from '../accounts/companion.ts'
import { clock } from '../clock.ts'
import type { FaultAction } from '../faults/faults.ts'
import { log, reason } from '../log.ts'
import { SERVER } from './jid.ts'
import { NoiseResponder } from './noise.ts'
import { type Stanza, stanza } from './stanza.ts'
import { StanzaQueue } from './stanza-queue.ts'

/** Time for a last stanza to be read before the socket is closed. */
const CLOSE_DELAY_MS = 50

export type Direction = 'in' | 'out'

/** The handlers of what happens on a connection. */
export type Events = {
  login(connection: Connection, payload: proto.ClientPayload): Promise<void>
  stanza(connection: Connection, node: Stanza): Promise<void>
  /** Called for every stanza that reached us or really left. */
  passed(connection: Connection, direction: Direction, node: Stanza): void
  matchFault(connection: Connection, direction: Direction, node: Stanza): FaultAction | undefined
  closed(connection: Connection): void
}

/** One WebSocket of a client: Noise handshake, then stanzas both ways. */
export class Connection {
  readonly id: number
  readonly since = clock.millis()
  /** The client's static Noise key; it is what identifies a linked device at login. */
  clientKey: Buffer | undefined
  /** Key material of a client that asks to be linked. */
  registration: proto.ClientPayload.IDevicePairingRegistrationData | undefined
  /** The linked device that logged in here. */
  companion: Companion | undefined
  phase: 'hello' | 'finish' | 'linking' | 'online' | 'closed' = 'hello'
  #halfOpen = false
  #mute = false
  readonly #socket: WebSocket
  readonly #noise: NoiseResponder
  readonly #events: Events
  readonly #inbound: StanzaQueue
  readonly #outbound: StanzaQueue

  constructor(id: number, socket: WebSocket, identity: { key: KeyPair; chain: Buffer }, events: Events) {
    this.id = id
    this.#socket = socket
    this.#events = events
    this.#noise = new NoiseResponder(identity.key, identity.chain)
    this.#inbound = this.#createQueue('in', (node) => this.#process(node))
    this.#outbound = this.#createQueue('out', (node) => this.#write(node))
    socket.on('message', (data) => this.#receive(Buffer.from(data as Buffer)))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.phase = 'closed'
      events.closed(this)
    })
  }

  get halfOpen(): boolean {
    return this.#halfOpen
  }

  get number(): string | undefined {
    return this.companion?.number
  }

  send(node: Stanza): void {
    this.#outbound.push(node)
  }

  /** Stop reading and writing without closing, or continue where it stopped. */
  setHalfOpen(on: boolean): void {
    this.#halfOpen = on
    this.#inbound.stop(on)
    this.#outbound.stop(on)
  }

  /** Close the socket abruptly. */
  terminate(): void {
    this.#mute = true
    this.#socket.terminate()
  }

  /** Close once everything written has left. */
  close(): void {
    setTimeout(() => {
      this.#mute = true
      this.#socket.close()
      setTimeout(() => this.#socket.terminate(), CLOSE_DELAY_MS).unref()
    }, CLOSE_DELAY_MS)
  }

  #createQueue(direction: Direction, pass: (node: Stanza) => Promise<void> | void): StanzaQueue {
    return new StanzaQueue({
      pass,
      answers: direction === 'in',
      matchFault: (node) => this.#events.matchFault(this, direction, node),
      refuse: (node, code) => this.#refuse(node, code),
      mute: (on) => {
        if (direction === 'in') this.#mute = on
      },
      terminate: () => this.terminate(),
      close: () => this.close(),
      halfOpen: () => this.setHalfOpen(true),
    })
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#noise.unframe(chunk)) this.#frame(frame)
    } catch (error) {
      log('handshake or frame refused', { connection: this.id, reason: reason(error) })
      this.terminate()
    }
  }

  #frame(frame: Buffer): void {
    if (this.phase === 'hello') {
      this.#sendBytes(this.#noise.hello(frame))
      this.phase = 'finish'
    } else if (this.phase === 'finish') {
      const { clientKey, payload } = this.#noise.finish(frame)
      this.clientKey = clientKey
      this.phase = 'linking'
      void this.#logErrors(this.#events.login(this, payload))
    } else {
      void this.#logErrors(decodeBinaryNode(frame).then((node) => this.#inbound.push(node)))
    }
  }

  async #process(node: Stanza): Promise<void> {
    this.#events.passed(this, 'in', node)
    await this.#logErrors(this.#events.stanza(this, node))
  }

  #write(node: Stanza): void {
    if (this.#mute) return
    this.#events.passed(this, 'out', node)
    this.#sendBytes(encodeBinaryNode(node))
  }

  #sendBytes(data: Buffer): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(this.#noise.frame(data))
  }

  #refuse(node: Stanza, code: number): void {
    const { id, to } = node.attrs
    if (node.tag === 'message')
      this.send(stanza('ack', { class: 'message', id, from: to, t: clock.stamp(), error: String(code) }))
    else if (node.tag === 'iq') this.send(iqError(node, code, 'refused on command'))
  }

  async #logErrors(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      log('a stanza could not be processed', { connection: this.id, reason: reason(error) })
    }
  }
}

/** Return the answer to an IQ that failed. */
export const iqError = (node: Stanza, code: number, text: string): Stanza =>
  stanza('iq', { from: node.attrs.to ?? SERVER, id: node.attrs.id, type: 'error' }, [
    stanza('error', { code: String(code), text }),
  ])
