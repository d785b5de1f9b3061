import { clock } from '../clock.ts'
import type { LinkAnswer } from '../contract.ts'
import { reasonOf } from '../errors.ts'
import { type Log, scrub } from '../log.ts'

type Offer = { qr?: string; code?: string; until: number }

/** WhatsApp lets the first QR live a minute and each of the next five 20 seconds; then the connection is closed. */
const FIRST_QR_MS = 60_000
const NEXT_QR_MS = 20_000
const CODE_MS = FIRST_QR_MS + 5 * NEXT_QR_MS

/** What a phone can be linked with at the moment. Never logged: whoever has it owns the account. */
export class Linking {
  #phone: string | undefined
  #offer: Offer | undefined
  #offers = 0
  #ready = Promise.withResolvers<void>()

  onChange: (link: LinkAnswer | undefined) => void = () => {}

  /** @param phone digits of the number to link by pairing code; `undefined`: by QR. */
  constructor(phone: string | undefined) {
    this.#phone = phone
  }

  choose(phone: string | undefined): void {
    this.#phone = phone
    this.#ready = Promise.withResolvers<void>()
  }

  /** WhatsApp has given a QR; for a pairing code it only means that now one can be asked for. */
  offer(qr: string, requestCode: (phone: string) => Promise<string>, log: Log): void {
    this.#offers += 1
    if (!this.#phone) {
      this.#set({ qr, until: clock.elapsed() + (this.#offers === 1 ? FIRST_QR_MS : NEXT_QR_MS) })
      return
    }
    if (this.#offers > 1) return
    const until = clock.elapsed() + CODE_MS
    requestCode(this.#phone).then(
      (code) => this.#set({ code, until }),
      (error: unknown) => log.error({ reason: scrub(reasonOf(error)) }, 'WhatsApp gave no pairing code'),
    )
  }

  /** Linked, or the connection is gone. */
  done(): void {
    this.#offers = 0
    if (!this.#offer) return
    this.#offer = undefined
    this.onChange(undefined)
  }

  answer(): LinkAnswer {
    const offer = this.#offer
    const secondsLeft = Math.ceil(((offer?.until ?? 0) - clock.elapsed()) / 1000)
    if (!offer || secondsLeft <= 0)
      return { state: 'waiting', message: 'Waiting for a linking code from WhatsApp; ask again in a moment.' }
    const where = 'On the phone: WhatsApp, Settings, Linked devices, Link a device'
    if (offer.code)
      return {
        state: 'code',
        code: offer.code,
        secondsLeft,
        message: `${where}, Link with phone number; enter this code.`,
      }
    return { state: 'qr', qr: offer.qr ?? '', secondsLeft, message: `${where}; scan this QR code.` }
  }

  /** Resolves when there is something to link with, or after `ms`. */
  async ready(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#ready.resolve(), ms)
    await this.#ready.promise
    clearTimeout(timer)
  }

  #set(offer: Offer): void {
    this.#offer = offer
    this.#ready.resolve()
    this.onChange(this.answer())
  }
}
