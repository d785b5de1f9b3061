import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Account } from './account/account.ts'
import { AuthStore } from './account/auth-store.ts'
import { lockDirectory } from './account/lock.ts'
import { SocketFactory } from './account/socket.ts'
import { type Entry, Spool } from './agent/spool.ts'
import { type Outcome, post } from './agent/webhook.ts'
import { type Config, isLoopback, useTemporaryDirectory } from './config.ts'
import { Counters } from './counters.ts'
import { Guard } from './http/guard.ts'
import { routes } from './http/routes.ts'
import { HttpServer } from './http/server.ts'
import { Ingest } from './inbound/ingest.ts'
import { Journal } from './inbound/journal.ts'
import { MediaStore } from './inbound/media-store.ts'
import { Receipts } from './inbound/receipts.ts'
import type { Log } from './log.ts'
import { Outbox } from './outbound/outbox.ts'
import { Sender } from './outbound/sender.ts'
import { Database } from './store/database.ts'

const SWEEP_MS = 3_600_000
const UNDECRYPTABLE_CHECK_MS = 15_000
const DRAIN_TIMEOUT_MS = 5000

/** Compose the bridge. Every file that it writes is below its data directory. */
export class Bridge {
  readonly account: Account
  readonly #config: Config
  readonly #log: Log
  readonly #lock: { release(): void }
  readonly #database: Database
  readonly #spool: Spool
  readonly #ingest: Ingest
  readonly #sender: Sender
  readonly #server: HttpServer
  readonly #timers: NodeJS.Timeout[] = []
  #origin: string

  /** @throws {DataError} when the data directory cannot be used as it is. */
  constructor(config: Config, log: Log) {
    const temporary = prepare(config.data)
    this.#config = config
    this.#log = log
    this.#lock = lockDirectory(config.data)
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
    this.#ingest = new Ingest({
      database: this.#database,
      journal,
      spool: this.#spool,
      media,
      auth,
      counters,
      log,
    })
    const sockets = new SocketFactory(config, auth, (id) => outbox.find(id)?.message, log)
    const receipts = new Receipts({ database: this.#database, spool: this.#spool, outbox, auth })
    this.#sender = new Sender(outbox, () => this.account.connected(), log)
    this.#sender.onLate = (sent, code) => receipts.onLateAck(sent, code)
    this.account = new Account({
      auth,
      journal,
      ingest: this.#ingest,
      sockets,
      receipts,
      sender: this.#sender,
      counters,
      phone: config.phone,
      log,
    })

    const guard = new Guard(config.secret, config.host, config.publicUrl)
    const dependencies = {
      config,
      guard,
      account: this.account,
      spool: this.#spool,
      ingest: this.#ingest,
      sender: this.#sender,
      media,
      counters,
      temporary,
    }
    this.#server = new HttpServer(guard, routes(dependencies), log)
    this.#timers.push(
      setInterval(
        () =>
          this.#logFailures(
            () => this.#ingest.sweep(),
            () => outbox.sweep(),
          ),
        SWEEP_MS,
      ),
      setInterval(() => this.#logFailures(() => this.#ingest.reportUndecryptable()), UNDECRYPTABLE_CHECK_MS),
    )
  }

  /** Start the HTTP server. @returns the address on which it listens. */
  async listen(): Promise<string> {
    const { host, port } = this.#config
    const listening = await this.#server.listen(host, port)
    const name = host === '0.0.0.0' || host === '::' ? hostname() : host.includes(':') ? `[${host}]` : host
    const url = `http://${name}:${listening}`
    this.#origin ||= url
    this.#log.info({ port: listening, open: !isLoopback(host) }, 'listening')
    return url
  }

  /** Deliver what is left from before, and connect. */
  run(): void {
    this.#ingest.drain()
    this.#spool.start()
    this.account.start()
  }

  /** Take no new requests, let running sends finish for a moment, and close everything. */
  async stop(): Promise<void> {
    this.#server.close(false)
    for (const timer of this.#timers) clearInterval(timer)
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_TIMEOUT_MS).unref())
    await Promise.race([Promise.all([this.#sender.idle(), this.#spool.stop()]), timeout])
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

  #logFailures(...works: (() => void)[]): void {
    for (const work of works)
      try {
        work()
      } catch (error) {
        this.#log.error({ err: error }, 'the database could not be written')
      }
  }
}

/** Make the data directory, for its owner only. @returns the directory for temporary files. */
function prepare(data: string): string {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  chmodSync(data, 0o700)
  return join(data, 'tmp')
}
