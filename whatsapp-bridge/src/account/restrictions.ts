import type { BaileysEventMap, ConnectionState } from 'baileys'
import { clock } from '../clock.ts'

type TimeLock = NonNullable<ConnectionState['reachoutTimeLock']>
type Capping = BaileysEventMap['message-capping.update']

/** Keep what WhatsApp does not let the account do: it may be connected and yet not start any chat. */
export class Restrictions {
  #timeLock: TimeLock | undefined
  #capping: Capping | undefined

  onTimeLock(timeLock: TimeLock): void {
    this.#timeLock = timeLock
  }

  onCapping(capping: Capping): void {
    this.#capping = capping
  }

  /** Return what is restricted now, in words. */
  sentence(): string | undefined {
    return this.#locked() ?? this.#capped()
  }

  #locked(): string | undefined {
    const { isActive, timeEnforcementEnds: end } = this.#timeLock ?? {}
    if (!isActive || (end && end.getTime() <= clock.now())) return undefined
    const until = end ? ` until ${moment(end)}` : ' for now'
    return `WhatsApp does not let this number write to new people${until}; chats that exist go on.`
  }

  #capped(): string | undefined {
    const total = Number(this.#capping?.total_quota)
    const used = Number(this.#capping?.used_quota)
    if (!(total > 0 && used >= total)) return undefined
    return `This number has started as many new chats as WhatsApp lets it for now (${total}); chats that exist go on.`
  }
}

const moment = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
