import { pause } from '../clock.ts'
import type { Deed, Delay, Drop } from '../faults/faults.ts'
import { log, reason } from '../log.ts'
import type { Stanza } from './stanza.ts'

/** How long an overtaken stanza waits for others before it goes after all. */
const REORDER_PATIENCE = 2_000

/** What a lane needs from its connection. */
export type Road = {
  /** The fault that strikes this stanza, if any. */
  strike(stanza: Stanza): Deed | undefined
  /** Lets the stanza through: processes or writes it. */
  pass(stanza: Stanza): Promise<void> | void
  /** Whether what passes here is answered (it comes in), or leaves. */
  answers: boolean
  refuse(stanza: Stanza, code: number): void
  /** From now on nothing is written; `false` undoes it. */
  mute(on: boolean): void
  cut(): void
  /** Closes after what was written has left. */
  close(): void
  halfOpen(): void
}

/** One direction of a connection: stanzas in order, one at a time, with the faults that strike them. */
export class Lane {
  readonly #road: Road
  readonly #queue: Stanza[] = []
  readonly #overtaken = new Set<{ stanza: Stanza; left: number }>()
  #busy = false
  #stopped = false

  constructor(road: Road) {
    this.#road = road
  }

  push(stanza: Stanza): void {
    this.#queue.push(stanza)
    this.#run()
  }

  /** Stops (what arrives is kept) or goes on. */
  stop(on: boolean): void {
    this.#stopped = on
    this.#run()
  }

  #run(): void {
    if (this.#busy) return
    this.#busy = true
    void this.#drain().catch((error) => log('a stanza was lost', { reason: reason(error) }))
  }

  async #drain(): Promise<void> {
    try {
      while (!this.#stopped) {
        const next = this.#queue.shift()
        if (!next) return
        const deed = this.#road.strike(next)
        if (!deed) await this.#pass(next)
        else await this.#suffer(next, deed)
      }
    } finally {
      this.#busy = false
    }
  }

  async #pass(stanza: Stanza): Promise<void> {
    await this.#road.pass(stanza)
    for (const late of this.#overtaken) {
      if (late.stanza.tag !== stanza.tag) continue
      late.left -= 1
      if (late.left <= 0) await this.#catchUp(late)
    }
  }

  async #suffer(stanza: Stanza, deed: Deed): Promise<void> {
    switch (deed.do) {
      case 'drop':
        return this.#drop(stanza, deed)
      case 'delay':
        return this.#delay(stanza, deed)
      case 'duplicate':
        for (let copy = 0; copy <= deed.copies; copy += 1) await this.#pass(stanza)
        return
      case 'reorder':
        return this.#hold({ stanza, left: deed.by })
      case 'refuse':
        return this.#road.refuse(stanza, deed.code)
      case 'half-open':
        return this.#road.halfOpen()
      default: // withheld: nothing more happens to it
    }
  }

  async #drop(stanza: Stanza, { when }: Drop): Promise<void> {
    this.#stopped = true
    if (when === 'before') return this.#road.cut()
    if (when === 'after') this.#road.mute(true)
    await this.#road.pass(stanza)
    if (when === 'after' && this.#road.answers) this.#road.cut()
    else this.#road.close()
  }

  async #delay(stanza: Stanza, { ms, overtake }: Delay): Promise<void> {
    const late = pause(ms).then(() => this.#pass(stanza))
    if (!overtake) await late
  }

  #hold(late: { stanza: Stanza; left: number }): void {
    this.#overtaken.add(late)
    void pause(REORDER_PATIENCE).then(() => this.#catchUp(late))
  }

  async #catchUp(late: { stanza: Stanza; left: number }): Promise<void> {
    if (this.#overtaken.delete(late)) await this.#road.pass(late.stanza)
  }
}
