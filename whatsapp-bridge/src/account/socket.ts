import makeWASocket, { type GroupMetadata, type proto, type SocketConfig, type WASocket } from 'baileys'
import type { PossiblyExtendedCacheStore } from 'baileys/lib/Types/Socket.js'
import { LRUCache } from 'lru-cache'
import type { Config } from '../config.ts'
import { isIgnored } from '../jid.ts'
import { baileysLogger, type Log } from '../log.ts'
import { socketAgent } from '../proxy.ts'
import type { AuthStore } from './auth-store.ts'

const QUERY_TIMEOUT_MS = 15_000
const HOUR_MS = 3_600_000

/** Make Baileys' sockets for one account. Caches that survive a reconnect are kept here, outside the socket. */
export class SocketFactory {
  readonly #config: Config
  readonly #auth: AuthStore
  readonly #getMessage: (id: string) => proto.IMessage | undefined
  readonly #log: Log
  readonly #devices = baileysCache(24 * HOUR_MS)
  readonly #retries = baileysCache(HOUR_MS)
  readonly #groups = new LRUCache<string, GroupMetadata>({ ttl: HOUR_MS / 6, max: 1000 })

  constructor(
    config: Config,
    auth: AuthStore,
    getMessage: (id: string) => proto.IMessage | undefined,
    log: Log,
  ) {
    this.#config = config
    this.#auth = auth
    this.#getMessage = getMessage
    this.#log = log
  }

  /** @param version the version of WhatsApp Web to name. */
  open(
    makeSignalRepository: SocketConfig['makeSignalRepository'],
    version: [number, number, number],
  ): WASocket {
    const { socketUrl } = this.#config
    const agent = socketAgent(this.#config)
    const socket: WASocket = makeWASocket({
      auth: this.#auth.state,
      logger: baileysLogger(this.#log),
      makeSignalRepository,
      ...(socketUrl ? { waWebSocketUrl: socketUrl } : {}),
      ...(agent ? { agent } : {}),
      version,
      emitOwnEvents: false,
      markOnlineOnConnect: false,
      syncFullHistory: false,
      generateHighQualityLinkPreview: false,
      defaultQueryTimeoutMs: QUERY_TIMEOUT_MS,
      transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
      appStateMacVerification: { patch: true, snapshot: true },
      userDevicesCache: this.#devices,
      msgRetryCounterCache: this.#retries,
      shouldIgnoreJid: isIgnored,
      cachedGroupMetadata: (jid) => this.#group(socket, jid),
      getMessage: async (key) => (key.id ? this.#getMessage(key.id) : undefined),
    })
    return socket
  }

  /** Forget a group's metadata: it has changed. */
  forgetGroup(id: string): void {
    this.#groups.delete(id)
  }

  async #group(socket: WASocket, jid: string): Promise<GroupMetadata> {
    const known = this.#groups.get(jid)
    if (known) return known
    const fresh = await socket.groupMetadata(jid)
    this.#groups.set(jid, fresh)
    return fresh
  }
}

/** Make a bounded cache in the shape that Baileys asks for; entries live `ttl` milliseconds. */
function baileysCache(ttl: number): PossiblyExtendedCacheStore {
  const entries = new LRUCache<string, NonNullable<unknown>>({ ttl, max: 10_000 })
  return {
    get: <T>(key: string) => entries.get(key) as T | undefined,
    set: (key, value) => void entries.set(key, value as NonNullable<unknown>),
    del: (key) => void entries.delete(key),
    flushAll: () => entries.clear(),
  }
}
