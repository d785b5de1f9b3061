import {
  type AnyMessageContent,
  type BinaryNode,
  generateWAMessage,
  type MiscMessageGenerationOptions,
  type proto,
  type WASocket,
} from 'baileys'
import type { SendAnswer } from '../contract.ts'
import { HttpError, reasonOf } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { timestampOf } from '../inbound/timestamp.ts'
import { isLid, type LidMapping } from '../jid.ts'
import { baileysLogger, type Log, redact } from '../log.ts'
import { messageIdFor, type Outbox, randomMessageId, type Sent } from './outbox.ts'
import { addressAttributes, findRecipient } from './recipient.ts'

/** A message to send. `compose` is called once, only when it is really sent. */
export type SendRequest = {
  key: string | undefined
  /** Digest of the command: the same key with another command is a mistake. */
  hash: string
  jid: string
  /** @param jid the address that it goes to. */
  compose(jid: string): Promise<{ content: AnyMessageContent; options?: MiscMessageGenerationOptions }>
}

/** The server's answer to one message; `redirect`: it was refused at one address, and goes to this one next. */
type Ack = { code: number | undefined; timestamp: number | undefined; redirect?: string | undefined }

const ACK_MS = 20_000
const UPLOAD_MS = 60_000
/** Refusals that may be about the address alone: bad addressing, no chat with it, a stale device. */
const OTHER_ADDRESS = new Set([400, 463, 479])

/** Send each message once and answer when WhatsApp's server has answered. */
export class Sender {
  readonly #outbox: Outbox
  readonly #lidMapping: LidMapping
  readonly #connected: () => WASocket
  readonly #log: Log
  readonly #running = new Map<string, { hash: string; answer: Promise<SendAnswer> }>()
  readonly #relays = new Map<string, Promise<unknown>>()
  readonly #waiters = new Map<string, (ack: Ack | undefined) => void>()

  /** Called when the server answers a send that nobody waits for any more. */
  onLate: (sent: Sent, code: number | undefined) => void = () => {}

  /** @param connected gives the socket, or throws `HttpError` when there is none. */
  constructor(outbox: Outbox, lidMapping: LidMapping, connected: () => WASocket, log: Log) {
    this.#outbox = outbox
    this.#lidMapping = lidMapping
    this.#connected = connected
    this.#log = log
  }

  /** Send a message and wait for the server's ack. @throws {HttpError} 409 other body, 422 refused, 503 not sent, 504 unknown. */
  async send(request: SendRequest): Promise<SendAnswer> {
    const id = request.key ? messageIdFor(request.key) : randomMessageId()
    const running = this.#running.get(id)
    if (running) {
      if (running.hash !== request.hash) throw conflict()
      return { ...(await running.answer), repeated: true }
    }
    const answer = this.#send(id, request).finally(() => this.#running.delete(id))
    this.#running.set(id, { hash: request.hash, answer })
    return answer
  }

  /** Wait until nothing is being sent. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ answer }) => answer))
  }

  /** Take the server's ack of a message; durable before anything else happens. */
  onAck({ attrs }: BinaryNode): void {
    const { id, error, t } = attrs
    if (!id) return
    failpoint('send.before_ack')
    const ack: Ack = { code: error ? Number(error) : undefined, timestamp: t ? timestampOf(t) : undefined }
    const redirect = OTHER_ADDRESS.has(ack.code ?? 0) ? this.#outbox.redirect(id) : undefined
    if (redirect) {
      this.#redirect(id, { ...ack, redirect })
      return
    }
    const isNew = this.#outbox.settle(
      id,
      ack.code === undefined ? 'acked' : 'refused',
      ack.timestamp,
      ack.code,
    )
    failpoint('send.after_ack')
    const waiter = this.#waiters.get(id)
    if (waiter) waiter(ack)
    else if (isNew) this.#reportLate(id, ack)
  }

  /** Give up waiting: the connection is gone, and what was being sent may or may not have arrived. */
  onClose(): void {
    for (const waiter of this.#waiters.values()) waiter(undefined)
    this.#relays.clear()
  }

  #redirect(id: string, ack: Ack): void {
    this.#log.info({ code: ack.code }, 'a message was refused at one address; it goes to the other one')
    this.#relays.delete(id)
    const waiter = this.#waiters.get(id)
    if (waiter) waiter(ack)
    else void this.#sendLate(id)
  }

  /** Send to the other address what nobody waits for any more. */
  async #sendLate(id: string): Promise<void> {
    const sent = this.#outbox.find(id)
    if (!sent) return
    try {
      await this.#transmit(this.#connected(), id, sent.jid, sent.message)
      this.onLate(sent, undefined)
    } catch (error) {
      if (error instanceof HttpError && error.code !== undefined) this.onLate(sent, error.code)
    }
  }

  #reportLate(id: string, { code }: Ack): void {
    const sent = this.#outbox.find(id)
    if (sent) this.onLate(sent, code)
  }

  async #send(id: string, request: SendRequest): Promise<SendAnswer> {
    const known = this.#outbox.find(id)
    if (known && known.hash !== request.hash) throw conflict()
    if (known?.state === 'acked') return { ...answerOf(id, known.timestamp), repeated: true }
    if (known?.state === 'refused') throw refused(known.code)
    const socket = this.#connected()
    if (known) return this.#transmit(socket, id, known.jid, known.message)
    const { jid, other } = await findRecipient(socket, request.jid, this.#lidMapping)
    const message = await this.#compose(socket, id, jid, request)
    failpoint('send.before_write')
    this.#outbox.write(request.key, { id, jid, hash: request.hash, message }, other)
    return this.#transmit(this.#connected(), id, jid, message)
  }

  async #compose(socket: WASocket, id: string, jid: string, request: SendRequest): Promise<proto.IMessage> {
    const { content, options } = await request.compose(jid)
    let composed: proto.IWebMessageInfo
    try {
      composed = await generateWAMessage(jid, content, {
        logger: baileysLogger(this.#log),
        userJid: (isLid(jid) ? socket.user?.lid : undefined) ?? socket.user?.id ?? '',
        upload: socket.waUploadToServer,
        mediaUploadTimeoutMs: UPLOAD_MS,
        messageId: id,
        ...options,
      })
    } catch (error) {
      this.#log.warn({ reason: redact(reasonOf(error)) }, 'a message could not be prepared')
      throw notSent('The media could not be uploaded to WhatsApp. Nothing was sent; try again.')
    }
    return composed.message ?? {}
  }

  async #transmit(
    socket: WASocket,
    id: string,
    jid: string,
    messageToSend: proto.IMessage,
  ): Promise<SendAnswer> {
    const ack = this.#expect(id)
    const failed = this.#relay(socket, id, jid, messageToSend)
    const result = await Promise.race([ack.promise, failed]).finally(ack.cancel)
    if (result === undefined) throw noAck()
    if (result.redirect) return this.#transmit(this.#connected(), id, result.redirect, messageToSend)
    if (result.code !== undefined) throw refused(result.code)
    return answerOf(id, result.timestamp)
  }

  /** Give the message to Baileys, unless an earlier attempt still runs. @returns a promise that only rejects. */
  #relay(socket: WASocket, id: string, jid: string, message: proto.IMessage): Promise<never> {
    failpoint('send.before_relay')
    const relay = this.#relays.get(id) ?? this.#relayNow(socket, id, jid, message)
    this.#relays.set(id, relay)
    const forget = () => this.#relays.get(id) === relay && this.#relays.delete(id)
    return new Promise((_, reject) => {
      const relayed = () => {
        failpoint('send.after_relay')
        forget()
      }
      relay.then(relayed, (error: unknown) => {
        forget()
        this.#log.warn({ reason: redact(reasonOf(error)) }, 'a message could not be sent')
        reject(notSent('WhatsApp did not take the message. Nothing was sent; try again.'))
      })
    })
  }

  #relayNow(socket: WASocket, id: string, jid: string, message: proto.IMessage): Promise<unknown> {
    const additionalAttributes = addressAttributes(jid, this.#lidMapping)
    return socket.relayMessage(jid, message, { messageId: id, additionalAttributes })
  }

  #expect(id: string): { promise: Promise<Ack | undefined>; cancel: () => void } {
    const { promise, resolve } = Promise.withResolvers<Ack | undefined>()
    const timer = setTimeout(() => resolve(undefined), ACK_MS)
    this.#waiters.set(id, resolve)
    const cancel = () => {
      clearTimeout(timer)
      this.#waiters.delete(id)
    }
    return { promise, cancel }
  }
}

const answerOf = (messageId: string, timestamp: number | undefined): SendAnswer =>
  timestamp === undefined ? { messageId } : { messageId, timestamp }

const notSent = (message: string) => new HttpError(503, 'not_sent', message, { retryAfter: 2 })

const noAck = () =>
  new HttpError(
    504,
    'no_ack',
    'WhatsApp has not confirmed this message: it may or may not have arrived. Repeat with the same Idempotency-Key.',
  )

const conflict = () =>
  new HttpError(
    409,
    'key_reused',
    'This Idempotency-Key was used for another message. Use a new key for a new message.',
  )

const REASONS: Record<number, string> = {
  463: 'it does not let this number write to this person now; mostly because they have not written to it yet',
  479: 'the address is not valid in this chat',
}

function refused(code: number | undefined): HttpError {
  const why = REASONS[code ?? 0] ?? 'its server gave no further reason'
  return new HttpError(
    422,
    'refused',
    `WhatsApp refused the message (${code}): ${why}. It is not tried again.`,
    {
      ...(code === undefined ? {} : { code }),
    },
  )
}
