import type { proto } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock, pause } from '../clock.ts'
import type { History } from '../outbound/history.ts'
import type { Connection } from '../stream/connection.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { World } from '../world.ts'
import type { Linking } from './linking.ts'

/** Who a client is, and what it gets when it comes online. */
export class Login {
  readonly #world: World
  readonly #linking: Linking
  readonly #history: History

  constructor(world: World, linking: Linking, history: History) {
    this.#world = world
    this.#linking = linking
    this.#history = history
  }

  /** The end of the handshake: a new client is offered QR codes, a linked one is logged in. */
  async enter(connection: Connection, payload: proto.ClientPayload): Promise<void> {
    const { devicePairingData } = payload
    const number = devicePairingData ? undefined : String(payload.username)
    if (await this.#refused(connection, number, payload.device ?? 0)) return
    if (devicePairingData) {
      connection.registration = devicePairingData
      return this.#linking.offerQr(connection)
    }
    const phone = this.#world.registry.byNumber(number ?? '')
    const companion = phone?.companions.get(payload.device ?? 0)
    if (!companion || !connection.clientKey?.equals(companion.clientKey)) return fail(connection, 401)
    this.#welcome(connection, companion)
  }

  /** `<iq xmlns="passive"><active/>`: the client is ready for what has waited. */
  async active(connection: Connection, companion: Companion): Promise<void> {
    if (companion.ready) return
    const waiting = String(companion.queue.size)
    const preview = { count: waiting, message: waiting, receipt: '0', notification: '0', appdata: '0' }
    connection.send(stanza('ib', {}, [stanza('offline_preview', preview)]))
    if (companion.held) return
    this.release(companion)
    const phone = this.#world.registry.byNumber(companion.number)
    if (phone?.settings.initialHistory && !companion.seen) await this.#history.begin(phone, companion)
    companion.seen = true
  }

  /** Delivers everything that waits and says that this was all; without the end marker Baileys keeps its events back. */
  release(companion: Companion): number {
    companion.held = false
    if (!companion.outlet) return 0
    const count = companion.flush()
    companion.ready = true
    companion.outlet.send(stanza('ib', {}, [stanza('offline', { count: String(count) })]))
    return count
  }

  /** The device is no longer linked. */
  remove(phone: Phone, companion: Companion): void {
    phone.companions.delete(companion.device)
    const connection = this.connectionOf(companion)
    if (connection) streamError(connection, 401)
  }

  connectionOf(companion: Companion): Connection | undefined {
    return [...this.#world.connections].find((connection) => connection === companion.outlet)
  }

  #welcome(connection: Connection, companion: Companion): void {
    const before = this.connectionOf(companion)
    if (before) streamError(before, 440)
    companion.outlet = connection
    companion.ready = false
    connection.companion = companion
    connection.phase = 'online'
    const now = clock.stamp()
    connection.send(stanza('success', { t: now, lid: companion.lid, creation: now }))
  }

  async #refused(connection: Connection, number: string | undefined, device: number): Promise<boolean> {
    const deed = this.#world.faults.strike('login', { number, device })
    if (deed?.do === 'delay') await pause(deed.ms)
    if (deed?.do === 'refuse') fail(connection, deed.code)
    return deed?.do === 'refuse' || deed?.do === 'withhold'
  }
}

function fail(connection: Connection, code: number): void {
  connection.send(stanza('failure', { reason: String(code), location: 'frc' }))
  connection.close()
}

/** Ends a stream as the server does: 401 and 440 name a conflict, the others are bare codes. */
export function streamError(connection: Connection, code: number): void {
  connection.send(errorNode(code))
  const { companion } = connection
  if (companion?.outlet === connection) companion.ready = false
  connection.close()
}

function errorNode(code: number): Stanza {
  if (code === 401)
    return stanza('stream:error', { code: '401' }, [stanza('conflict', { type: 'device_removed' })])
  if (code === 440) return stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })])
  return stanza('stream:error', { code: String(code) })
}
