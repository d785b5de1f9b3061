import { clock } from '../clock.ts'
import type { LinkAnswer } from '../contract.ts'
import { reasonOf } from '../errors.ts'
import { type Log, redact } from '../log.ts'

type LinkCode = { qr?: string; code?: string; expiresAt: number }

type RequestCode = (phone: string) => Promise<string>

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

  /** Whether a pairing code is asked for, and not a QR code. */
  get byCode(): boolean {
    return this.#phone !== undefined
  }

  /**
   * Take a QR code from WhatsApp; when a phone number is set it means that a pairing code can be requested now.
   *
   * @param secret the secret that it must show: Baileys goes on to show the first one when it has been replaced.
   */
  onQr(qr: string, secret: string, requestCode: RequestCode, log: Log): void {
    this.#qrCount += 1
    if (!this.#phone)
      this.#set({
        qr: withSecret(qr, secret),
        expiresAt: clock.elapsed() + (this.#qrCount === 1 ? FIRST_QR_MS : NEXT_QR_MS),
      })
    else if (this.#qrCount === 1) this.requestCode(requestCode, log)
  }

  /** Ask for a pairing code, and show it instead of the one before. */
  requestCode(requestCode: RequestCode, log: Log): void {
    if (!this.#phone) return
    const expiresAt = clock.elapsed() + PAIRING_CODE_MS
    const current = this.#ready
    requestCode(this.#phone).then(
      (code) => {
        if (current === this.#ready) this.#set({ code, expiresAt })
      },
      (error: unknown) => log.error({ reason: redact(reasonOf(error)) }, 'WhatsApp gave no pairing code'),
    )
  }

  /** Show the QR code with another secret, for as long as it was valid anyway. */
  replaceSecret(secret: string): void {
    if (this.#current?.qr) this.#set({ ...this.#current, qr: withSecret(this.#current.qr, secret) })
  }

  /** Stop waiting for a code: there will be none. */
  giveUp(): void {
    this.clear()
    this.#ready.resolve()
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

/** Replace the secret in a QR code: `…#ref,noise key,identity key,secret,platform`. */
function withSecret(qr: string, secret: string): string {
  const parts = qr.split(',')
  return parts.length < 4 ? qr : parts.with(3, secret).join(',')
}
