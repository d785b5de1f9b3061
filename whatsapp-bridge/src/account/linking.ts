import { clock } from '../clock.ts'
import type { LinkAnswer } from '../contract.ts'
import { reasonOf } from '../errors.ts'
import { type Log, redact } from '../log.ts'

type LinkCode = { qr?: string; code?: string; expiresAt: number }

/** WhatsApp lets the first QR code live a minute and each of the next five 20 seconds; then it closes the connection. */
const FIRST_QR_MS = 60_000
const NEXT_QR_MS = 20_000
const PAIRING_CODE_MS = FIRST_QR_MS + 5 * NEXT_QR_MS

/** Keep the QR or pairing code that a phone can be linked with now. Never logged: whoever has it can take the account. */
export class Linking {
  #phone: string | undefined
  #current: LinkCode | undefined
  #qrCount = 0
  #ready = Promise.withResolvers<void>()

  onChange: (link: LinkAnswer | undefined) => void = () => {}

  /** @param phone digits of the number to link by pairing code; `undefined`: by QR. */
  constructor(phone: string | undefined) {
    this.#phone = phone
  }

  /** Link by pairing code for `phone` from now on, or by QR. */
  restart(phone: string | undefined): void {
    this.#phone = phone
    this.#ready = Promise.withResolvers<void>()
  }

  /** Take a QR code from WhatsApp; when a phone number is set it means that a pairing code can be requested now. */
  onQr(qr: string, requestCode: (phone: string) => Promise<string>, log: Log): void {
    this.#qrCount += 1
    if (!this.#phone) {
      this.#set({ qr, expiresAt: clock.elapsed() + (this.#qrCount === 1 ? FIRST_QR_MS : NEXT_QR_MS) })
      return
    }
    if (this.#qrCount > 1) return
    const expiresAt = clock.elapsed() + PAIRING_CODE_MS
    requestCode(this.#phone).then(
      (code) => this.#set({ code, expiresAt }),
      (error: unknown) => log.error({ reason: redact(reasonOf(error)) }, 'WhatsApp gave no pairing code'),
    )
  }

  /** Forget the code: a phone is linked, or the connection is gone. */
  clear(): void {
    this.#qrCount = 0
    if (!this.#current) return
    this.#current = undefined
    this.onChange(undefined)
  }

  answer(): LinkAnswer {
    const current = this.#current
    const secondsLeft = Math.ceil(((current?.expiresAt ?? 0) - clock.elapsed()) / 1000)
    if (!current || secondsLeft <= 0)
      return { state: 'waiting', message: 'Waiting for a linking code from WhatsApp; ask again in a moment.' }
    const where = 'On the phone: WhatsApp, Settings, Linked devices, Link a device'
    if (current.code)
      return {
        state: 'code',
        code: current.code,
        secondsLeft,
        message: `${where}, Link with phone number; enter this code.`,
      }
    return { state: 'qr', qr: current.qr ?? '', secondsLeft, message: `${where}; scan this QR code.` }
  }

  /** Wait until there is a code, at most `ms`. */
  async ready(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#ready.resolve(), ms)
    await this.#ready.promise
    clearTimeout(timer)
  }

  #set(current: LinkCode): void {
    this.#current = current
    this.#ready.resolve()
    this.onChange(this.answer())
  }
}
