import type { proto } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock, pause } from '../clock.ts'
import type { History } from '../outbound/history.ts'
import type { State } from '../state.ts'
import type { Connection } from '../stream/connection.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { Linking } from './linking.ts'

/** Log clients in, and deliver what waits for them when they come online. */
export class Login {
  readonly #state: State
  readonly #linking: Linking
  readonly #history: History

  constructor(state: State, linking: Linking, history: History) {
    this.#state = state
    this.#linking = linking
    this.#history = history
  }

  /** Finish the handshake: a new client is offered QR codes, a linked one is logged in. */
  async authenticate(connection: Connection, payload: proto.ClientPayload): Promise<void> {
    const { devicePairingData } = payload
    const number = devicePairingData ? undefined : String(payload.username)
    if (await this.#refusedByFault(connection, number, payload.device ?? 0)) return
    const { least = 0 } = this.#state.webVersion
    if ((payload.userAgent?.appVersion?.tertiary ?? 0) < least) return sendFailure(connection, 405)
    if (devicePairingData) {
      connection.registration = devicePairingData
      return this.#linking.sendQrRefs(connection)
    }
    const phone = this.#state.registry.byNumber(number ?? '')
    const companion = phone?.companions.get(payload.device ?? 0)
    if (!companion || !connection.clientKey?.equals(companion.clientKey)) return sendFailure(connection, 401)
    this.#accept(connection, companion)
  }

  /** Deliver what has waited: the client is ready for it (`<iq xmlns="passive"><active/>`). */
  async onActive(connection: Connection, companion: Companion): Promise<void> {
    if (companion.ready) return
    const waiting = String(companion.queue.size)
    const preview = { count: waiting, message: waiting, receipt: '0', notification: '0', appdata: '0' }
    connection.send(stanza('ib', {}, [stanza('offline_preview', preview)]))
    if (companion.held) return
    this.release(companion)
    const phone = this.#state.registry.byNumber(companion.number)
    if (phone?.settings.initialHistory && !companion.settledOnce)
      await this.#history.sendInitial(phone, companion)
    companion.settledOnce = true
  }

  /** Deliver everything that waits, and the end marker; without it Baileys buffers its events. @returns how many. */
  release(companion: Companion): number {
    companion.held = false
    if (!companion.connection) return 0
    const count = companion.flush()
    companion.ready = true
    companion.connection.send(stanza('ib', {}, [stanza('offline', { count: String(count) })]))
    return count
  }

  /** Unlink a device. */
  remove(phone: Phone, companion: Companion): void {
    phone.companions.delete(companion.device)
    const connection = this.connectionOf(companion)
    if (connection) streamError(connection, 401)
  }

  connectionOf(companion: Companion): Connection | undefined {
    return [...this.#state.connections].find((connection) => connection === companion.connection)
  }

  #accept(connection: Connection, companion: Companion): void {
    const before = this.connectionOf(companion)
    if (before) streamError(before, 440)
    companion.connection = connection
    companion.ready = false
    connection.companion = companion
    connection.phase = 'online'
    const now = clock.stamp()
    connection.send(stanza('success', { t: now, lid: companion.lid, creation: now }))
  }

  async #refusedByFault(
    connection: Connection,
    number: string | undefined,
    device: number,
  ): Promise<boolean> {
    const action = this.#state.faults.match('login', { number, device })
    if (action?.do === 'delay') await pause(action.ms)
    if (action?.do === 'refuse') sendFailure(connection, action.code, action.attrs)
    return action?.do === 'refuse' || action?.do === 'withhold'
  }
}

function sendFailure(connection: Connection, code: number, more: Record<string, string> = {}): void {
  connection.send(stanza('failure', { reason: String(code), location: 'frc', ...more }))
  connection.close()
}

/** End a stream as the server does: 401 and 440 name a conflict, the others are bare codes. */
export function streamError(connection: Connection, code: number): void {
  connection.send(errorNode(code))
  const { companion } = connection
  if (companion?.connection === connection) companion.ready = false
  connection.close()
}

function errorNode(code: number): Stanza {
  if (code === 401)
    return stanza('stream:error', { code: '401' }, [stanza('conflict', { type: 'device_removed' })])
  if (code === 440) return stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })])
  return stanza('stream:error', { code: String(code) })
}
