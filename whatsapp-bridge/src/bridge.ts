import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Account } from './account/account.ts'
import { AuthStore } from './account/auth-store.ts'
import { lockDirectory } from './account/lock.ts'
import { SocketFactory } from './account/socket.ts'
import { WebVersions } from './account/web-versions.ts'
import { Deliverer } from './agent/deliver.ts'
import { Spool } from './agent/spool.ts'
import { webhookOf } from './agent/webhook.ts'
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
import { AccountRows } from './store/account-rows.ts'
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
  readonly #deliverer: Deliverer
  readonly #ingest: Ingest
  readonly #sender: Sender
  readonly #versions: WebVersions
  readonly #server: HttpServer
  readonly #timers: NodeJS.Timeout[]
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
    this.#origin = config.publicUrl ?? ''

    this.#database = new Database(config.data)
    const rows = new AccountRows(this.#database)
    const journal = new Journal(rows)
    const auth = new AuthStore(rows, journal)
    const media = new MediaStore(rows)
    const outbox = new Outbox(rows)
    const spool = new Spool(rows)

    const counters = new Counters()
    const post = webhookOf(config, () => this.#origin)
    const deliverer = new Deliverer(spool, post, log)
    const ingest = new Ingest({ rows, journal, spool, deliverer, media, outbox, auth, counters, log })
    const receipts = new Receipts({ rows, spool, deliverer, outbox, auth })
    const sender = new Sender(outbox, auth, () => this.account.connected(), log)
    sender.onLate = (sent, code) => receipts.onLateAck(sent, code)
    const sockets = new SocketFactory(config, auth, (id) => outbox.find(id)?.message, log)
    const versions = new WebVersions(rows, config.version, log)
    const { phone } = config
    const account = new Account({
      ...{ auth, journal, ingest, receipts, sender, sockets, versions, counters, phone, log },
    })

    const guard = new Guard(config.secret, config.host, config.publicUrl)
    const services = {
      ...{ config, guard, account, spool, deliverer, ingest, sender, media, counters, temporary },
      lidMapping: auth,
      versions,
    }
    this.#server = new HttpServer(guard, routes(services), log)
    this.#timers = [
      setInterval(() => this.#logFailures(() => ingest.sweep()), SWEEP_MS),
      setInterval(() => this.#logFailures(() => outbox.sweep()), SWEEP_MS),
      setInterval(() => this.#logFailures(() => ingest.reportUndecryptable()), UNDECRYPTABLE_CHECK_MS),
    ]
    this.account = account
    this.#deliverer = deliverer
    this.#ingest = ingest
    this.#sender = sender
    this.#versions = versions
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
    this.#deliverer.start()
    this.account.start()
    this.#versions.start()
  }

  /** Take no new requests, let running sends finish for a moment, and close everything. */
  async stop(): Promise<void> {
    this.#server.close(false)
    for (const timer of this.#timers) clearInterval(timer)
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, DRAIN_TIMEOUT_MS).unref())
    await Promise.race([Promise.all([this.#sender.idle(), this.#deliverer.stop()]), timeout])
    this.account.stop()
    this.#versions.stop()
    this.#server.close(true)
    this.#database.close()
    this.#lock.release()
  }

  #logFailures(work: () => void): void {
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
