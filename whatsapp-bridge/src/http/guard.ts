import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../config.ts'
import { HttpError } from '../errors.ts'

/** Check who may call the bridge: by the secret, and never a web page. */
export class Guard {
  readonly #digest: Buffer | undefined
  readonly #secret: string | undefined
  readonly #hosts: Set<string> | undefined

  /** @param host the address that the bridge listens on; @param publicUrl another name that the agent knows it by. */
  constructor(secret: string | undefined, host: string, publicUrl: string | undefined) {
    this.#secret = secret
    this.#digest = secret === undefined ? undefined : digest(secret)
    if (!isLoopback(host)) return
    const names = ['localhost', '127.0.0.1', '[::1]', host]
    this.#hosts = new Set(publicUrl ? [...names, new URL(publicUrl).hostname] : names)
  }

  /**
   * Refuse web pages: a browser sends `Origin`, and DNS rebinding shows in `Host`.
   *
   * @throws {HttpError} 403
   */
  checkOrigin(request: IncomingMessage): void {
    const { origin, host } = request.headers
    const name = URL.parse(`http://${host ?? ''}`)?.hostname ?? ''
    if (origin !== undefined || (this.#hosts && !this.#hosts.has(name)))
      throw new HttpError(403, 'forbidden', 'Requests from web pages are refused.')
  }

  /** Return whether the request carries the secret, or none is set. Compares bytes in constant time. */
  hasSecret(request: IncomingMessage): boolean {
    if (!this.#digest) return true
    const given = request.headersDistinct['x-webhook-secret']
    return given?.length === 1 && timingSafeEqual(digest(given[0] ?? ''), this.#digest)
  }

  /** @throws {HttpError} 403 */
  checkSecret(request: IncomingMessage): void {
    if (this.hasSecret(request)) return
    throw new HttpError(
      403,
      'forbidden',
      'The header X-Webhook-Secret is missing or wrong: it must be the WHATSAPP_WEBHOOK_SECRET of this bridge.',
    )
  }

  /** Return the proof that this process knows the secret; `undefined` without a secret or a usable challenge. */
  prove(challenge: string | undefined): string | undefined {
    if (!this.#secret || !challenge || !/^[!-~]{16,128}$/.test(challenge)) return undefined
    return createHmac('sha256', this.#secret).update(`cleo-bridge-health:${challenge}`).digest('hex')
  }
}

/** Node decodes header values as Latin-1: this digests the bytes that were sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest()
