import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { BinaryNode } from 'baileys'
import { Account } from './account/account.ts'
import { AuthStore } from './account/auth-store.ts'
import { ownDirectory } from './account/lock.ts'
import { SocketFactory, type Wire } from './account/socket.ts'
import { type Entry, Spool } from './agent/spool.ts'
import { type Outcome, post } from './agent/webhook.ts'
import { clock } from './clock.ts'
import { type Config, isLoopback, useTemporaryDirectory } from './config.ts'
import { Counters } from './counters.ts'
import { failpoint } from './failpoint.ts'
import { Guard } from './http/guard.ts'
import { routes } from './http/routes.ts'
import { HttpServer } from './http/server.ts'
import type { Draft } from './inbound/inbound.ts'
import { Intake } from './inbound/intake.ts'
import { Journal } from './inbound/journal.ts'
import { MediaStore } from './inbound/media-store.ts'
import { readReceipt, receiptEvent } from './inbound/receipts.ts'
import type { Log } from './log.ts'
import { Outbox } from './outbound/outbox.ts'
import { Transmitter } from './outbound/transmitter.ts'
import { Database, isStorageError } from './store/database.ts'

const SWEEP_MS = 3_600_000
const SUSPECTS_MS = 15_000
const LAST_SENDS_MS = 5000

/** Puts the parts together; every file that the bridge writes is below its data directory. */
export class Bridge {
  readonly account: Account
  readonly #config: Config
  readonly #log: Log
  readonly #lock: { release(): void }
  readonly #database: Database
  readonly #spool: Spool
  readonly #intake: Intake
  readonly #transmitter: Transmitter
  readonly #server: HttpServer
  readonly #timers: NodeJS.Timeout[] = []
  #origin: string

  /** @throws {DataError} when the data directory cannot be used as it is. */
  constructor(config: Config, log: Log) {
    const temporary = prepare(config.data)
    this.#config = config
    this.#log = log
    this.#lock = ownDirectory(config.data)
    rmSync(temporary, { recursive: true, force: true })
    mkdirSync(temporary, { mode: 0o700 })
    useTemporaryDirectory(temporary)
    this.#database = new Database(config.data)
    const journal = new Journal(this.#database)
    const auth = new AuthStore(this.#database, journal, join(config.data, 'bridge.db'))
    const counters = new Counters()
    const media = new MediaStore(this.#database)
    const outbox = new Outbox(this.#database)
    this.#origin = config.publicUrl ?? ''
    this.#spool = new Spool(this.#database, (entry) => this.#deliver(entry), log)
    this.#intake = new Intake({
      database: this.#database,
      journal,
      spool: this.#spool,
      media,
      auth,
      counters,
      log,
    })
    const sockets = new SocketFactory(config, auth, (id) => outbox.find(id)?.message, log)
    const wire = this.#wire(outbox, auth)
    this.account = new Account({
      auth,
      journal,
      intake: this.#intake,
      sockets,
      wire,
      phone: config.phone,
      log,
    })
    this.#transmitter = new Transmitter(outbox, () => this.account.connected(), log)
    this.#transmitter.onLate = ({ id, jid }, code) => {
      const state = code === undefined ? 'sent' : 'failed'
      this.#receipt(
        auth,
        { state, chat: jid, reader: jid, at: clock.now() },
        [id],
        code && `WhatsApp refused it (${code})`,
      )
    }
    this.account.onClose = () => this.#transmitter.onClose()
    const guard = new Guard(config.secret, config.host, config.publicUrl)
    const parts = {
      config,
      guard,
      account: this.account,
      spool: this.#spool,
      intake: this.#intake,
      transmitter: this.#transmitter,
      media,
      counters,
      temporary,
    }
    this.#server = new HttpServer(guard, routes(parts), log)
    this.#timers.push(
      setInterval(
        () =>
          this.#quietly(
            () => this.#intake.sweep(),
            () => outbox.sweep(),
          ),
        SWEEP_MS,
      ),
      setInterval(() => this.#quietly(() => this.#intake.settleSuspects()), SUSPECTS_MS),
    )
  }

  /** @returns the address on which the bridge now listens. */
  async listen(): Promise<string> {
    const { host, port } = this.#config
    const listening = await this.#server.listen(host, port)
    const name = host === '0.0.0.0' || host === '::' ? hostname() : host.includes(':') ? `[${host}]` : host
    const url = `http://${name}:${listening}`
    this.#origin ||= url
    this.#log.info({ port: listening, open: !isLoopback(host) }, 'listening')
    return url
  }

  /** Delivers what is left from before, and connects. */
  run(): void {
    this.#intake.drain()
    this.#spool.start()
    this.account.start()
  }

  /** Takes nothing new, lets sends under way finish for a moment, and closes everything. */
  async stop(): Promise<void> {
    this.#server.close(false)
    for (const timer of this.#timers) clearInterval(timer)
    const patience = new Promise<void>((resolve) => setTimeout(resolve, LAST_SENDS_MS).unref())
    await Promise.race([Promise.all([this.#transmitter.idle(), this.#spool.stop()]), patience])
    this.account.stop()
    this.#server.close(true)
    this.#database.close()
    this.#lock.release()
  }

  #deliver({ seq, event, media }: Entry): Promise<Outcome> {
    const attached = media ? { media: { ...event.media, url: `${this.#origin}/media/${media}` } } : {}
    const body = JSON.stringify({ ...event, ...attached, seq })
    return post(`${this.#config.apiUrl}/api/whatsapp/webhook`, this.#config.secret, body)
  }

  /** Receipts and acks, on disk before Baileys acknowledges them. */
  #wire(outbox: Outbox, auth: AuthStore): Pick<Wire, 'message' | 'receipt' | 'ack'> {
    const durably = (work: (stanza: BinaryNode) => void) => (stanza: BinaryNode) => {
      try {
        work(stanza)
      } catch (error) {
        if (isStorageError(error)) auth.onFailure(error)
        else this.#log.error({ err: error }, 'a receipt could not be handled')
      }
    }
    return {
      message: (stanza) => this.#intake.count(stanza),
      receipt: durably((stanza) => {
        const receipt = readReceipt(stanza)
        const ids = receipt && outbox.known(receipt.ids)
        if (receipt && ids) this.#receipt(auth, receipt, ids)
      }),
      ack: durably((stanza) => this.#transmitter.onAck(stanza)),
    }
  }

  #receipt(
    auth: AuthStore,
    receipt: Parameters<typeof receiptEvent>[0],
    ids: string[],
    reason?: string | 0,
  ): void {
    const [first, ...rest] = ids
    const me = auth.creds.me?.id
    if (!first || !me) return
    const event = receiptEvent(receipt, [first, ...rest], me, auth, reason || undefined) as Draft
    failpoint('receipt.before_commit')
    this.#database.transaction(() => this.#spool.add(event))
    failpoint('receipt.after_commit')
    this.#spool.wake(event.from)
  }

  #quietly(...works: (() => void)[]): void {
    for (const work of works)
      try {
        work()
      } catch (error) {
        this.#log.error({ err: error }, 'the database could not be written')
      }
  }
}

/** The data directory, for its owner only. @returns the directory for temporary files. */
function prepare(data: string): string {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  chmodSync(data, 0o700)
  return join(data, 'tmp')
}
