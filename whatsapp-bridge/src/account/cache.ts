import type { PossiblyExtendedCacheStore } from 'baileys/lib/Types/Socket.js'
import { clock } from '../clock.ts'

/** A bounded cache with a lifetime, in the shape that Baileys asks for. It outlives the sockets that use it. */
export class Cache implements PossiblyExtendedCacheStore {
  readonly #entries = new Map<string, { value: unknown; until: number }>()
  readonly #lifetime: number
  readonly #limit: number

  constructor(lifetimeMs: number, limit = 10_000) {
    this.#lifetime = lifetimeMs
    this.#limit = limit
  }

  get<T>(key: string): T | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.until > clock.elapsed()) return entry.value as T
    this.#entries.delete(key)
    return undefined
  }

  set<T>(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: clock.elapsed() + this.#lifetime })
    const oldest = this.#entries.keys().next().value
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest)
  }

  del(key: string): void {
    this.#entries.delete(key)
  }

  flushAll(): void {
    this.#entries.clear()
  }
}
