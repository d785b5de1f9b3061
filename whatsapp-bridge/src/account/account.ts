import type { ConnectionState as BaileysUpdate, WASocket } from 'baileys'
import { clock } from '../clock.ts'
import type { HealthAnswer, LinkAnswer } from '../contract.ts'
import { Refusal, reasonOf } from '../errors.ts'
import type { Intake } from '../inbound/intake.ts'
import type { Journal } from '../inbound/journal.ts'
import { bare } from '../jid.ts'
import { type Log, scrub } from '../log.ts'
import type { AuthStore } from './auth-store.ts'
import { Linking } from './linking.ts'
import { judge, waitBefore } from './reconnect.ts'
import { durableSignal } from './signal.ts'
import type { SocketFactory, Wire } from './socket.ts'

/** State of the connection, with WhatsApp's last close code. */
export type Status = Pick<HealthAnswer, 'state' | 'message'> & { code?: number }

type Parts = {
  auth: AuthStore
  journal: Journal
  intake: Intake
  sockets: SocketFactory
  /** Listeners on the wire besides this account's own. */
  wire: Pick<Wire, 'message' | 'receipt' | 'ack'>
  phone: string | undefined
  log: Log
}

const WATCH_MS = 10_000
const SILENCE_MS = 80_000
const CONNECT_MS = 45_000
const LINK_WAIT_MS = 15_000

/**
 * One WhatsApp number and the life of its socket. One connection at a time; what ends it decides what comes next
 * (`reconnect.ts`).
 */
export class Account {
  readonly #parts: Parts
  readonly #linking: Linking
  #socket: WASocket | undefined
  #status: Status = { state: 'starting', message: 'The bridge is starting.' }
  #attempt = 0
  #timer: NodeJS.Timeout | undefined
  #watchdog: NodeJS.Timeout | undefined
  #lastFrame = 0
  #closing = false

  /** Called on every change of the connection's state. */
  onStatus: (status: Status) => void = () => {}
  /** Called when there is something new to link with; `undefined`: no longer. */
  onLink: (link: LinkAnswer | undefined) => void = () => {}
  /** Called when a connection has ended. */
  onClose: () => void = () => {}

  constructor(parts: Parts) {
    this.#parts = parts
    this.#linking = new Linking(parts.phone)
    this.#linking.onChange = (link) => this.onLink(link)
    parts.auth.onFailure = (error) => this.#suspend(error)
  }

  get status(): Status {
    return this.#status
  }

  /** The linked number as a JID. */
  get number(): string | undefined {
    const { me } = this.#parts.auth.creds
    return this.#parts.auth.linked && me ? bare(me.id) : undefined
  }

  start(): void {
    this.#watchdog = setInterval(() => this.#watch(), WATCH_MS)
    this.#connect()
  }

  stop(): void {
    this.#closing = true
    clearTimeout(this.#timer)
    clearInterval(this.#watchdog)
    this.#hangUp()
  }

  /** The connected socket. @throws {Refusal} 503 when there is none. */
  connected(): WASocket {
    if (this.#socket && this.#status.state === 'connected') return this.#socket
    throw new Refusal(503, 'not_connected', `Not connected to WhatsApp: ${this.#status.message}`, {
      retryAfter: 5,
    })
  }

  /** How to link a phone right now. */
  link(): LinkAnswer {
    if (this.#parts.auth.linked) return { state: 'linked', message: this.#status.message }
    if (this.#status.state === 'stopped') return { state: 'stopped', message: this.#status.message }
    return this.#linking.answer()
  }

  /** Starts linking anew: by pairing code for `phone` (digits), or by QR. Waits until there is something to use. */
  async linkAnew(phone: string | undefined): Promise<LinkAnswer> {
    if (this.#parts.auth.linked) return this.link()
    this.#linking.choose(phone)
    this.#attempt = 0
    this.#reconnect()
    await this.#linking.ready(LINK_WAIT_MS)
    return this.link()
  }

  /** Logs out: the phone forgets this device, the bridge makes a new identity and waits to be linked. */
  async unlink(): Promise<void> {
    if (this.#parts.auth.linked) await this.connected().logout()
    else this.#reconnect()
  }

  #connect(): void {
    if (this.#closing) return
    const { auth, journal, intake, sockets, wire } = this.#parts
    try {
      if (auth.halfPaired) auth.renew()
    } catch {
      return // the store has said so, and the next attempt is set
    }
    this.#lastFrame = clock.elapsed()
    if (auth.linked) this.#become({ state: 'connecting', message: 'Connecting to WhatsApp.' })
    else
      this.#become({
        state: 'linking',
        message: 'Not linked yet: scan the QR code, or enter the pairing code.',
      })
    const signal = durableSignal(
      journal,
      () => auth.creds.me?.id,
      () => intake.schedule(),
    )
    const frame = () => {
      this.#lastFrame = clock.elapsed()
    }
    const socket = sockets.open(signal, { ...wire, frame })
    this.#socket = socket
    this.#listen(socket)
  }

  #listen(socket: WASocket): void {
    const { intake, log } = this.#parts
    const guarded =
      <T>(work: (update: T) => void) =>
      (update: T) => {
        if (socket !== this.#socket) return
        try {
          work(update)
        } catch (error) {
          log.error({ reason: scrub(reasonOf(error)) }, 'an event of WhatsApp could not be handled')
        }
      }
    socket.ev.on(
      'connection.update',
      guarded((update) => this.#update(socket, update)),
    )
    socket.ev.on(
      'creds.update',
      guarded(() => this.#saveCreds(socket)),
    )
    socket.ev.on(
      'messages.upsert',
      guarded(({ messages }) => intake.accept(messages)),
    )
  }

  /** In the same commit as the keys they speak of, when Baileys changes both. */
  #saveCreds(socket: WASocket): void {
    const { auth } = this.#parts
    const { keys } = socket.authState as unknown as { keys: OpenKeys }
    if (keys.isInTransaction()) void keys.set({ creds: { me: auth.creds } })
    else auth.save()
  }

  #update(socket: WASocket, update: Partial<BaileysUpdate>): void {
    if (update.qr)
      this.#linking.offer(update.qr, (phone) => socket.requestPairingCode(phone), this.#parts.log)
    if (update.connection === 'open') this.#open()
    if (update.connection === 'close') this.#closed(update.lastDisconnect?.error)
  }

  #open(): void {
    this.#attempt = 0
    this.#linking.done()
    this.#become({ state: 'connected', message: 'Connected to WhatsApp.' })
  }

  #closed(error: Error | undefined): void {
    const code = (error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode
    const { auth, log } = this.#parts
    const wasLinked = auth.linked
    const unlinkedByUs = error?.message === 'Intentional Logout'
    this.#forget()
    const verdict = judge(code, wasLinked, error?.message ?? '')
    log.info({ code, next: verdict.next }, 'the connection to WhatsApp ended')
    if (this.#closing) return
    switch (verdict.next) {
      case 'now':
        this.#connect()
        break
      case 'later':
        this.#later(code, verdict.message)
        break
      case 'stop':
        this.#halt(code, verdict.message)
        break
      case 'unlinked':
        auth.renew()
        if (unlinkedByUs) this.#connect()
        else this.#halt(code, verdict.message)
        break
      default:
        verdict.next satisfies never
    }
  }

  #halt(code: number | undefined, message: string): void {
    this.#become({ state: 'stopped', message, ...(code ? { code } : {}) })
  }

  #later(code: number | undefined, message: string): void {
    const state = this.#parts.auth.linked ? 'waiting' : 'linking'
    this.#become({ state, message, ...(code ? { code } : {}) })
    this.#attempt += 1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#connect(), waitBefore(this.#attempt))
  }

  #reconnect(): void {
    clearTimeout(this.#timer)
    this.#hangUp()
    this.#connect()
  }

  /** The disk does not take what WhatsApp gives: hang up before a receipt goes out, and try again later. */
  #suspend(error: unknown): void {
    this.#parts.log.fatal({ reason: reasonOf(error) }, 'the database cannot be written')
    if (this.#closing) return
    this.#hangUp()
    this.#later(undefined, storageTrouble(error))
  }

  #hangUp(): void {
    const socket = this.#socket
    this.#forget()
    void socket?.end(undefined)
  }

  #forget(): void {
    this.#socket = undefined
    this.#linking.done()
    this.onClose()
  }

  /** A link that looks open and is dead, or a connection that never gets ready. */
  #watch(): void {
    const socket = this.#socket
    if (!socket) return
    const limit = this.#status.state === 'connecting' ? CONNECT_MS : SILENCE_MS
    if (clock.elapsed() - this.#lastFrame < limit) return
    this.#parts.log.warn('no sign of life from WhatsApp; connecting anew')
    this.#hangUp()
    this.#later(408, 'WhatsApp has not answered for a while. Connecting anew.')
  }

  #become(status: Status): void {
    const before = this.#status
    this.#status = status
    if (before.state !== status.state || before.message !== status.message) this.onStatus(status)
  }
}

type OpenKeys = {
  isInTransaction(): boolean
  set(data: Record<string, Record<string, unknown>>): Promise<void>
}

const storageTrouble = (error: unknown): string =>
  `The bridge cannot write its database (${reasonOf(error)}). Free disk space or check the directory ` +
  'WHATSAPP_BRIDGE_DATA. Nothing is lost: WhatsApp keeps the messages until then.'
