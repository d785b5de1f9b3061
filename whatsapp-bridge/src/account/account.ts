import type { BinaryNode, ConnectionState, WASocket } from 'baileys'
import { backoffMs } from '../backoff.ts'
import { clock } from '../clock.ts'
import type { HealthAnswer, LinkAnswer } from '../contract.ts'
import type { Counters } from '../counters.ts'
import { HttpError, reasonOf } from '../errors.ts'
import { type EventHandlers, listen } from '../inbound/events.ts'
import type { Ingest } from '../inbound/ingest.ts'
import type { Journal } from '../inbound/journal.ts'
import type { Receipts } from '../inbound/receipts.ts'
import { bareJid } from '../jid.ts'
import { type Log, redact } from '../log.ts'
import type { Sender } from '../outbound/sender.ts'
import { isStorageError } from '../store/database.ts'
import type { AuthStore } from './auth-store.ts'
import { acknowledge, LinkSteps } from './link-steps.ts'
import { Linking } from './linking.ts'
import { closeAction, type Refusal } from './reconnect.ts'
import { Restrictions } from './restrictions.ts'
import { type DurableSignal, durableSignal } from './signal.ts'
import type { SocketFactory } from './socket.ts'
import type { WebVersion, WebVersions } from './web-versions.ts'

/** State of the connection, with WhatsApp's last close code. */
export type Status = Pick<HealthAnswer, 'state' | 'message'> & { code?: number }

type Dependencies = {
  auth: AuthStore
  journal: Journal
  ingest: Ingest
  sockets: SocketFactory
  versions: WebVersions
  receipts: Receipts
  sender: Sender
  counters: Counters
  phone: string | undefined
  log: Log
}

const LIVENESS_CHECK_MS = 10_000
const SILENCE_TIMEOUT_MS = 80_000
const CONNECT_TIMEOUT_MS = 45_000
const LINK_WAIT_MS = 15_000
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
const LONGEST_TIMER_MS = 24 * 3_600_000

/** One WhatsApp number and its socket: one connection at a time; `reconnect.ts` decides what follows its end. */
export class Account {
  readonly #dependencies: Dependencies
  readonly #linking: Linking
  readonly #linkSteps: LinkSteps
  readonly #restrictions = new Restrictions()
  #socket: WASocket | undefined
  #status: Status = { state: 'starting', message: 'The bridge is starting.' }
  #attempt = 0
  #version: WebVersion | undefined
  #reconnectTimer: NodeJS.Timeout | undefined
  #livenessTimer: NodeJS.Timeout | undefined
  #lastFrame = 0
  #stopped = false

  /** Called on every change of the connection's state. */
  onStatus: (status: Status) => void = () => {}
  /** Called when there is something new to link with; `undefined`: no longer. */
  onLink: (link: LinkAnswer | undefined) => void = () => {}

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies
    this.#linking = new Linking(dependencies.phone)
    this.#linking.onChange = (link) => this.onLink(link)
    this.#linkSteps = new LinkSteps({
      ...dependencies,
      linking: this.#linking,
      saveCreds: (socket) => this.#runHandler(() => this.#saveCreds(socket)),
      refused: (...refusal) => this.#onLinkRefused(...refusal),
    })
    dependencies.auth.onFailure = (error) => this.#onStorageFailure(error)
  }

  get status(): Status {
    return this.#status
  }

  /** What WhatsApp does not let this number do now, in one sentence. */
  get restriction(): string | undefined {
    return this.#restrictions.sentence()
  }

  /** The version of WhatsApp Web that the last connection named. */
  get version(): WebVersion | undefined {
    return this.#version
  }

  /** The linked number as a JID. */
  get number(): string | undefined {
    const { me } = this.#dependencies.auth.creds
    return this.#dependencies.auth.linked && me ? bareJid(me.id) : undefined
  }

  start(): void {
    this.#livenessTimer = setInterval(() => this.#checkLiveness(), LIVENESS_CHECK_MS)
    this.#connect()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#reconnectTimer)
    clearInterval(this.#livenessTimer)
    this.#disconnect()
  }

  /** Return the connected socket. @throws {HttpError} 503 when there is none. */
  connected(): WASocket {
    if (this.#socket && this.#status.state === 'connected') return this.#socket
    throw new HttpError(503, 'not_connected', `Not connected to WhatsApp: ${this.#status.message}`, {
      retryAfter: 5,
    })
  }

  /** Return how to link a phone right now. */
  link(): LinkAnswer {
    if (this.#dependencies.auth.linked) return { state: 'linked', message: this.#status.message }
    if (this.#status.state === 'stopped') return { state: 'stopped', message: this.#status.message }
    return this.#linking.answer()
  }

  /** Start linking again: by pairing code for `phone` (digits), or by QR. Waits until there is a code. */
  async restartLinking(phone: string | undefined): Promise<LinkAnswer> {
    if (this.#dependencies.auth.linked) return this.link()
    this.#linking.restart(phone)
    this.#attempt = 0
    this.#reconnect()
    await this.#linking.ready(LINK_WAIT_MS)
    return this.link()
  }

  /** Log out: the phone forgets this device, the bridge makes a new identity and waits to be linked. */
  async unlink(): Promise<void> {
    if (this.#dependencies.auth.linked) await this.connected().logout()
    else this.#reconnect()
  }

  #connect(): void {
    if (this.#stopped) return
    const { auth, journal, ingest, sockets, versions, counters } = this.#dependencies
    try {
      if (auth.pairingUnfinished) auth.resetIdentity()
    } catch {
      return // the store has said so, and the next attempt is set
    }
    this.#lastFrame = clock.elapsed()
    if (auth.linked) this.#setStatus({ state: 'connecting', message: 'Connecting to WhatsApp.' })
    else if (this.#attempt === 0)
      this.#setStatus({
        state: 'linking',
        message: 'Not linked yet. Asking WhatsApp for a code to link with.',
      })
    const signal = durableSignal(journal, () => auth.creds.me?.id, {
      onCommit: () => ingest.schedule(),
      onLost: (attrs) => this.#runHandler(() => ingest.onLost(attrs)),
    })
    this.#version = versions.choose()
    const socket = sockets.open(signal.makeSignalRepository, this.#version.version)
    this.#socket = socket
    listen(socket, this.#handlers(socket, signal), counters)
  }

  /** Return what to do with the events of a socket, as long as it is the current one. */
  #handlers(socket: WASocket, signal: DurableSignal): EventHandlers {
    const { auth, ingest, sockets, receipts, sender } = this.#dependencies
    const guarded =
      <T>(work: (payload: T) => void) =>
      (payload: T) => {
        if (socket === this.#socket) this.#runHandler(() => work(payload))
      }
    return {
      connection: guarded((update) => this.#onUpdate(socket, update)),
      credentials: guarded(() => this.#saveCreds(socket)),
      messages: guarded((messages) => ingest.accept(messages)),
      groupChanged: (id) => sockets.forgetGroup(id),
      stanza: () => {
        this.#lastFrame = clock.elapsed()
      },
      message: (stanza) => {
        this.#runHandler(() => ingest.onMessage(stanza)) // before its attributes are changed
        signal.onMessage(stanza)
      },
      notification: (stanza) =>
        auth.linked ? this.#onGroupChange(stanza) : this.#linkSteps.onNotification(socket, stanza),
      iq: (stanza) => this.#linkSteps.onIq(socket, stanza),
      success: (stanza) => this.#linkSteps.onSuccess(stanza),
      acknowledge: (stanza) => void acknowledge(socket, stanza),
      capping: guarded((limit) => this.#restrictions.onCapping(limit)),
      receipt: (stanza) => this.#runHandler(() => receipts.onReceipt(stanza)),
      call: (stanza) => this.#runHandler(() => ingest.onCall(stanza)),
      ack: (stanza) => this.#runHandler(() => sender.onAck(stanza)),
    }
  }

  /** Run a handler. When the disk did not take what it wrote, disconnect: Baileys must not acknowledge it. */
  #runHandler<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      const reason = redact(reasonOf(error))
      if (!isStorageError(error))
        this.#dependencies.log.error({ reason }, 'an event of WhatsApp could not be handled')
      else if (this.#socket) this.#onStorageFailure(error) // otherwise the store has done that
    }
  }

  /** Save the credentials, in the same commit as the keys they refer to when Baileys changes both. */
  #saveCreds(socket: WASocket): void {
    const { auth } = this.#dependencies
    const { keys } = socket.authState as unknown as { keys: OpenKeys }
    if (keys.isInTransaction()) void keys.set({ creds: { me: auth.creds } })
    else auth.save()
  }

  #onUpdate(socket: WASocket, update: Partial<ConnectionState>): void {
    const { auth, log } = this.#dependencies
    if (update.qr) {
      this.#attempt = 0
      this.#setStatus({
        state: 'linking',
        message: 'Not linked yet: scan the QR code, or enter the pairing code.',
      })
      this.#linking.onQr(update.qr, auth.creds.advSecretKey, (phone) => socket.requestPairingCode(phone), log)
    }
    if (update.reachoutTimeLock) this.#restrictions.onTimeLock(update.reachoutTimeLock)
    if (update.connection === 'open') this.#onOpen(socket)
    if (update.connection === 'close') this.#onClosed(update.lastDisconnect?.error)
  }

  #onOpen(socket: WASocket): void {
    if (this.#version) this.#dependencies.versions.onConnected(this.#version)
    this.#attempt = 0
    this.#linking.clear()
    this.#setStatus({ state: 'connected', message: 'Connected to WhatsApp.' })
    void socket.fetchAccountReachoutTimelock().catch(() => {}) // the answer comes as connection.update
  }

  /** Take a change of a group. @returns `false` when Baileys does all that there is to do. */
  #onGroupChange(stanza: BinaryNode): boolean {
    if (stanza.attrs.type !== 'w:gp2') return false
    return this.#runHandler(() => this.#dependencies.ingest.onGroupChange(stanza)) ?? true
  }

  /** Stop linking: WhatsApp has said that it cannot go on like this. */
  #onLinkRefused(socket: WASocket, code: number | undefined, message: string): void {
    if (socket !== this.#socket) return
    this.#disconnect()
    this.#stopWith(code, message)
    this.#linking.giveUp()
  }

  #onClosed(error: Error | undefined): void {
    const code = (error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode
    const { auth, ingest, log } = this.#dependencies
    const wasLinked = auth.linked
    const unlinkedByUs = error?.message === 'Intentional Logout'
    this.#dropSocket()
    const action = closeAction(code, wasLinked, error?.message ?? '', this.#refusalOf(error))
    log.info({ code, next: action.next }, 'the connection to WhatsApp ended')
    if (this.#stopped) return
    switch (action.next) {
      case 'reconnect':
        this.#connect()
        break
      case 'backoff':
        this.#reconnectLater(code, action.message)
        break
      case 'stop':
        if (code === 405) void this.#tryOtherVersion(action.message)
        else this.#stopWith(code, action.message)
        break
      case 'wait':
        this.#waitUntil(action.until ?? clock.now(), code, action.message)
        break
      case 'unlinked':
        ingest.drain() // what was received until now belongs to this number
        auth.resetIdentity()
        if (unlinkedByUs) this.#connect()
        else this.#stopWith(code, action.message)
        break
      default:
        action.next satisfies never
    }
  }

  /** Go on with another version of WhatsApp Web after one was refused, if there is one; else stop. */
  async #tryOtherVersion(message: string): Promise<void> {
    if (!this.#version) return
    this.#setStatus({
      state: this.#dependencies.auth.linked ? 'waiting' : 'linking',
      code: 405,
      message: 'WhatsApp refuses this version of WhatsApp Web (405). Looking for the current one.',
    })
    const found = await this.#dependencies.versions.onRefused(this.#version)
    if (this.#stopped || this.#socket) return
    if (found) this.#connect()
    else this.#stopWith(405, message)
  }

  /** Return what WhatsApp said when it refused the login; `undefined`: the connection ended otherwise. */
  #refusalOf(error: Error | undefined): Refusal | undefined {
    const { data } = (error ?? {}) as { data?: Record<string, string> }
    if (error?.message !== 'Connection Failure' || !data) return undefined
    return { attrs: data, attempts: this.#attempt }
  }

  /** Connect at a moment, and not before. */
  #waitUntil(until: number, code: number | undefined, message: string): void {
    this.#setStatus({ state: 'waiting', message, ...(code ? { code } : {}) })
    clearTimeout(this.#reconnectTimer)
    const wait = () => {
      const left = until - clock.now()
      if (left <= 0) this.#connect()
      else this.#reconnectTimer = setTimeout(wait, Math.min(left, LONGEST_TIMER_MS))
    }
    wait()
  }

  #stopWith(code: number | undefined, message: string): void {
    this.#setStatus({ state: 'stopped', message, ...(code ? { code } : {}) })
  }

  #reconnectLater(code: number | undefined, message: string): void {
    const state = this.#dependencies.auth.linked ? 'waiting' : 'linking'
    this.#setStatus({ state, message, ...(code ? { code } : {}) })
    this.#attempt += 1
    clearTimeout(this.#reconnectTimer)
    this.#reconnectTimer = setTimeout(
      () => this.#connect(),
      backoffMs(this.#attempt, FIRST_WAIT_MS, LONGEST_WAIT_MS),
    )
  }

  #reconnect(): void {
    clearTimeout(this.#reconnectTimer)
    this.#disconnect()
    this.#connect()
  }

  /** Disconnect before a receipt goes out, because the disk did not take a message, and try again later. */
  #onStorageFailure(error: unknown): void {
    this.#dependencies.log.fatal({ reason: reasonOf(error) }, 'the database cannot be written')
    if (this.#stopped) return
    this.#disconnect()
    this.#reconnectLater(undefined, storageProblem(error))
  }

  #disconnect(): void {
    const socket = this.#socket
    this.#dropSocket()
    void socket?.end(undefined)
  }

  #dropSocket(): void {
    this.#socket = undefined
    this.#linking.clear()
    this.#dependencies.sender.onClose()
  }

  /** Reconnect when a connection looks open and is silent, or never gets ready. */
  #checkLiveness(): void {
    const socket = this.#socket
    if (!socket) return
    const limit = this.#status.state === 'connecting' ? CONNECT_TIMEOUT_MS : SILENCE_TIMEOUT_MS
    if (clock.elapsed() - this.#lastFrame < limit) return
    this.#dependencies.log.warn('WhatsApp is silent; connecting again')
    this.#disconnect()
    this.#reconnectLater(408, 'WhatsApp has not answered for a while. Connecting again.')
  }

  #setStatus(status: Status): void {
    const before = this.#status
    this.#status = status
    if (before.state !== status.state || before.message !== status.message) this.onStatus(status)
  }
}

/** Baileys' key store with transactions, open for our own types of keys. */
type OpenKeys = {
  isInTransaction(): boolean
  set(data: Record<string, Record<string, unknown>>): Promise<void>
}

const storageProblem = (error: unknown): string =>
  `The bridge cannot write its database (${reasonOf(error)}). Free disk space or check the directory ` +
  'WHATSAPP_BRIDGE_DATA. Nothing is lost: WhatsApp keeps the messages until then.'
