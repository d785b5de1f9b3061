import makeWASocket, {
  type AuthenticationState,
  type BaileysEventMap,
  type ConnectionState,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type UserFacingSocketConfig,
  type WAMessage,
  type WASocket,
} from 'baileys'
import { quietLogger } from '../src/log.ts'
import { eventually, type Harness, type SimulatedPhone } from './harness.ts'

/** Close codes after which a client must not connect again by itself. */
const FINAL = new Set([401, 403, 405, 440])

type Upsert = { message: WAMessage; type: string }

/** An unmodified Baileys client as a bridge would use it, with its keys in memory. */
export class Bridge {
  readonly auth: AuthenticationState
  readonly #keys = new Map<string, Map<string, unknown>>()
  readonly received: Upsert[] = []
  readonly updates: Partial<ConnectionState>[] = []
  readonly closes: number[] = []
  readonly events: { name: string; data: unknown }[] = []
  /** What `getMessage` answers with. */
  readonly outbox = new Map<string, WAMessage['message']>()
  declare socket: WASocket
  #reconnect = true
  readonly #harness: Harness
  readonly #config: Partial<UserFacingSocketConfig>

  constructor(harness: Harness, config: Partial<UserFacingSocketConfig> = {}, auth?: AuthenticationState) {
    this.#harness = harness
    this.#config = config
    harness.clients.push(this)
    this.auth = auth ?? { creds: initAuthCreds(), keys: memoryKeys(this.#keys) }
  }

  /** Start a client and links it to a phone by QR. */
  static async linked(
    harness: Harness,
    phone: SimulatedPhone,
    config: Partial<UserFacingSocketConfig> = {},
  ): Promise<Bridge> {
    const bridge = new Bridge(harness, config)
    await bridge.link(phone)
    return bridge
  }

  connect(): this {
    this.#reconnect = true
    const socket = makeWASocket({
      waWebSocketUrl: this.#harness.ready.socket,
      auth: this.auth,
      logger: quietLogger,
      getMessage: async ({ id }) => this.outbox.get(id ?? '') ?? undefined,
      ...this.#config,
    })
    this.socket = socket
    socket.ev.process((events) => {
      for (const [name, data] of Object.entries(events)) this.events.push({ name, data })
      if (events['creds.update']) Object.assign(this.auth.creds, events['creds.update'])
      for (const message of events['messages.upsert']?.messages ?? [])
        this.received.push({ message, type: events['messages.upsert']?.type ?? '' })
      if (events['connection.update']) this.#connection(events['connection.update'])
    })
    return this
  }

  async link(phone: SimulatedPhone): Promise<void> {
    this.connect()
    const qr = await this.qr()
    await this.#harness.post(phone.path('link/qr'), { qr })
    await this.online(phone)
  }

  qr(): Promise<string> {
    return eventually(() => this.updates.findLast(({ qr }) => qr)?.qr, 'a QR')
  }

  /** Wait until the client is logged in and has what was waiting for it. */
  async online(phone: SimulatedPhone): Promise<void> {
    await phone.companion('online')
    await eventually(
      () => this.events.some(({ name }) => name === 'creds.update' || name === 'messages.upsert'),
      'open',
    )
  }

  /** Disconnect without logging out. */
  async disconnect(phone?: SimulatedPhone): Promise<void> {
    this.#reconnect = false
    await this.socket?.end(undefined)
    if (phone) await phone.companion('offline')
  }

  async send(
    jid: string,
    content: Parameters<WASocket['sendMessage']>[1],
    options?: Parameters<WASocket['sendMessage']>[2],
  ): Promise<WAMessage> {
    const sent = await this.socket.sendMessage(jid, content, options)
    if (!sent) throw new Error('nothing was sent')
    this.outbox.set(sent.key.id ?? '', sent.message)
    return sent
  }

  /** Wait for the first received message that fits. */
  async waitForMessage(fits: (message: WAMessage) => boolean, ms?: number): Promise<Upsert> {
    return eventually(() => this.received.find(({ message }) => fits(message)), 'the message', ms)
  }

  waitForText(text: string, ms?: number): Promise<Upsert> {
    return this.waitForMessage((message) => !message.key.fromMe && textOf(message) === text, ms)
  }

  count(text: string): number {
    return this.received.filter(({ message }) => !message.key.fromMe && textOf(message) === text).length
  }

  /** Wait for the first event of this name whose data fits. */
  async waitForEvent<N extends keyof BaileysEventMap>(
    name: N,
    fits: (data: BaileysEventMap[N]) => boolean = () => true,
    ms?: number,
  ): Promise<BaileysEventMap[N]> {
    const found = await eventually(
      () => this.events.find((event) => event.name === name && fits(event.data as BaileysEventMap[N])),
      name,
      ms,
    )
    return found.data as BaileysEventMap[N]
  }

  /** Return a sent message's status: 2 at the server, 3 delivered, 4 read. Baileys folds early updates into its own upsert. */
  statusOf({ key }: WAMessage): number {
    const own = this.received
      .filter(({ message }) => message.key.id === key.id)
      .map(({ message }) => message.status)
    const updates = this.events.filter(({ name }) => name === 'messages.update')
    const later = updates.flatMap(({ data }) => data as BaileysEventMap['messages.update'])
    const updated = later.filter((one) => one.key.id === key.id).map(({ update }) => update.status)
    return Math.max(0, ...[...own, ...updated].map((status) => status ?? 0))
  }

  /** Count the receipts of group members for a sent message; early ones are folded into its own upsert, too. */
  groupReceipts({ key }: WAMessage): number {
    const own = this.received.flatMap(({ message }) =>
      message.key.id === key.id ? (message.userReceipt ?? []) : [],
    )
    const updates = this.events.filter(({ name }) => name === 'message-receipt.update')
    const later = updates.flatMap(({ data }) => data as BaileysEventMap['message-receipt.update'])
    return own.length + later.filter((one) => one.key.id === key.id).length
  }

  delivered(message: WAMessage, status: 3 | 4): Promise<boolean> {
    return eventually(() => this.statusOf(message) >= status, `status ${status}`)
  }

  closed(code: number): Promise<boolean> {
    return eventually(() => this.closes.includes(code), `a close with ${code}`)
  }

  /** Delete its Signal keys of one kind, as a damaged store would. */
  deleteKeys(kind: keyof SignalDataTypeMap): void {
    this.#keys.get(kind)?.clear()
  }

  /** Forget all events so far. */
  clearEvents(): void {
    for (const list of [this.received, this.updates, this.closes, this.events]) list.length = 0
  }

  #connection(update: Partial<ConnectionState>): void {
    this.updates.push(update)
    if (update.connection !== 'close') return
    const error = update.lastDisconnect?.error as { output?: { statusCode: number } } | undefined
    const code = error?.output?.statusCode ?? 0
    this.closes.push(code)
    if (this.#reconnect && !FINAL.has(code)) setTimeout(() => this.#reconnect && this.connect(), 20)
  }
}

/** Signal keys in memory, by kind, so that a test can lose some. */
function memoryKeys(kept: Map<string, Map<string, unknown>>): AuthenticationState['keys'] {
  const kindOf = (type: string): Map<string, unknown> => {
    const kind = kept.get(type) ?? new Map<string, unknown>()
    kept.set(type, kind)
    return kind
  }
  const put = (type: string, id: string, value: unknown): void => {
    if (value === null || value === undefined) kindOf(type).delete(id)
    else kindOf(type).set(id, value)
  }
  return {
    get: <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found = ids.map((id) => [id, kindOf(type).get(id)] as const)
      return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Record<
        string,
        SignalDataTypeMap[T]
      >
    },
    set: (data: SignalDataSet) => {
      for (const [type, values] of Object.entries(data))
        for (const [id, value] of Object.entries(values)) put(type, id, value)
    },
  }
}

export const textOf = ({ message }: WAMessage): string | undefined =>
  message?.conversation ?? message?.extendedTextMessage?.text ?? undefined
