/** What every entry of a feed has. */
export type Entry = { seq: number }

/** An append-only list that readers follow by sequence number and can wait for. */
export class Feed<T extends Entry> {
  readonly #entries: T[] = []
  readonly #waiting = new Set<() => void>()
  readonly #limit: number
  #last = 0

  /** @param limit how many entries are kept; older ones are forgotten */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  get last(): number {
    return this.#last
  }

  append(entry: Omit<T, 'seq'>): T {
    this.#last += 1
    const full = { ...entry, seq: this.#last } as T
    this.#entries.push(full)
    if (this.#entries.length > this.#limit) this.#entries.splice(0, this.#entries.length - this.#limit)
    for (const wake of this.#waiting) wake()
    return full
  }

  /** All entries after `seq`. */
  after(seq: number): T[] {
    const first = this.#entries[0]
    return first ? this.#entries.slice(Math.max(0, seq - first.seq + 1)) : []
  }

  /** All entries after `seq`; when there are none, waits up to `ms` for the first. */
  async wait(seq: number, ms: number): Promise<T[]> {
    if (ms > 0 && this.#last <= seq) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer)
          this.#waiting.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        this.#waiting.add(wake)
      })
    }
    return this.after(seq)
  }
}
