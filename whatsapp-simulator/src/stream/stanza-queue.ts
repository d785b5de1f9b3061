import { pause } from '../clock.ts'
import type { Delay, Drop, FaultAction } from '../faults/faults.ts'
import { log, reason } from '../log.ts'
import type { Stanza } from './stanza.ts'

/** How long a held stanza waits for others to overtake it. */
const REORDER_TIMEOUT_MS = 2_000

/** What a queue needs from its connection. */
export type Hooks = {
  /** Return the fault for this stanza, if any. */
  matchFault(stanza: Stanza): FaultAction | undefined
  /** Process or write the stanza. */
  pass(stanza: Stanza): Promise<void> | void
  /** Whether its stanzas are answered: they come in. */
  answers: boolean
  refuse(stanza: Stanza, code: number): void
  /** Write nothing from now on; `false` undoes it. */
  mute(on: boolean): void
  terminate(): void
  /** Close after what was written has left. */
  close(): void
  halfOpen(): void
}

/** One direction of a connection: stanzas in order, one at a time, with the faults that apply to them. */
export class StanzaQueue {
  readonly #hooks: Hooks
  readonly #queue: Stanza[] = []
  readonly #held = new Set<{ stanza: Stanza; left: number }>()
  #busy = false
  #stopped = false

  constructor(hooks: Hooks) {
    this.#hooks = hooks
  }

  push(stanza: Stanza): void {
    this.#queue.push(stanza)
    this.#run()
  }

  /** Stop (what arrives is kept) or continue. */
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
        const action = this.#hooks.matchFault(next)
        if (!action) await this.#pass(next)
        else await this.#applyFault(next, action)
      }
    } finally {
      this.#busy = false
    }
  }

  async #pass(stanza: Stanza): Promise<void> {
    await this.#hooks.pass(stanza)
    for (const late of this.#held) {
      if (late.stanza.tag !== stanza.tag) continue
      late.left -= 1
      if (late.left <= 0) await this.#release(late)
    }
  }

  async #applyFault(stanza: Stanza, action: FaultAction): Promise<void> {
    switch (action.do) {
      case 'drop':
        return this.#drop(stanza, action)
      case 'delay':
        return this.#delay(stanza, action)
      case 'duplicate':
        for (let copy = 0; copy <= action.copies; copy += 1) await this.#pass(stanza)
        return
      case 'reorder':
        return this.#hold({ stanza, left: action.by })
      case 'refuse':
        return this.#hooks.refuse(stanza, action.code)
      case 'half-open':
        return this.#hooks.halfOpen()
      default: // withheld: nothing more happens to it
    }
  }

  async #drop(stanza: Stanza, { when }: Drop): Promise<void> {
    this.#stopped = true
    if (when === 'before') return this.#hooks.terminate()
    if (when === 'after') this.#hooks.mute(true)
    await this.#hooks.pass(stanza)
    if (when === 'after' && this.#hooks.answers) this.#hooks.terminate()
    else this.#hooks.close()
  }

  async #delay(stanza: Stanza, { ms, overtake }: Delay): Promise<void> {
    const late = pause(ms).then(() => this.#pass(stanza))
    if (!overtake) await late
  }

  #hold(late: { stanza: Stanza; left: number }): void {
    this.#held.add(late)
    void pause(REORDER_TIMEOUT_MS).then(() => this.#release(late))
  }

  async #release(late: { stanza: Stanza; left: number }): Promise<void> {
    if (this.#held.delete(late)) await this.#hooks.pass(late.stanza)
  }
}
