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
import { bareJid, isGroup, isPhone, userOf } from '../jid.ts'
import { baileysLogger, type Log, redact } from '../log.ts'
import { messageIdFor, type Outbox, randomMessageId, type Sent } from './outbox.ts'

/** A message to send. `compose` is called once, only when it is really sent. */
export type SendRequest = {
  key: string | undefined
  /** Digest of the command: the same key with another command is a mistake. */
  hash: string
  jid: string
  compose(): Promise<{ content: AnyMessageContent; options?: MiscMessageGenerationOptions }>
}

/** The server's answer to one message. */
type Ack = { code: number | undefined; timestamp: number | undefined }

const ACK_MS = 20_000
const UPLOAD_MS = 60_000
const QUERY_MS = 8000

/** Send each message once and answer when WhatsApp's server has answered. */
export class Sender {
  readonly #outbox: Outbox
  readonly #connected: () => WASocket
  readonly #log: Log
  readonly #running = new Map<string, { hash: string; answer: Promise<SendAnswer> }>()
  readonly #relays = new Map<string, Promise<unknown>>()
  readonly #waiters = new Map<string, (ack: Ack | undefined) => void>()

  /** Called when the server answers a send that nobody waits for any more. */
  onLate: (sent: Sent, code: number | undefined) => void = () => {}

  /** @param connected gives the socket, or throws `HttpError` when there is none. */
  constructor(outbox: Outbox, connected: () => WASocket, log: Log) {
    this.#outbox = outbox
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
    const ack: Ack = { code: error ? Number(error) : undefined, timestamp: t ? Number(t) * 1000 : undefined }
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
    const jid = await this.#reachable(socket, request.jid)
    const message = await this.#compose(socket, id, jid, request)
    failpoint('send.before_write')
    this.#outbox.write(request.key, { id, jid, hash: request.hash, message })
    return this.#transmit(this.#connected(), id, jid, message)
  }

  /**
   * Make sure that the recipient's devices are known before anything is sent: Baileys would otherwise send an empty
   * message, which nobody can read, and call it a success.
   *
   * @returns the address under which WhatsApp knows the recipient.
   */
  async #reachable(socket: WASocket, jid: string): Promise<string> {
    const me = bareJid(socket.user?.id)
    if (isGroup(jid) || jid === me || jid === bareJid(socket.user?.lid)) return jid
    const own = (isPhone(jid) ? me : bareJid(socket.user?.lid)) ?? jid
    if (await this.#hasDevices(socket, [own, jid], jid)) return jid
    if (!isPhone(jid)) throw devicesUnknown()
    const found = await orUndefined(socket.onWhatsApp(jid))
    if (!found) throw devicesUnknown()
    const there = found.find(({ exists }) => exists)
    const address = bareJid(there?.jid)
    if (!address)
      throw new HttpError(
        422,
        'unknown_recipient',
        'This number is not on WhatsApp. Check the country code and the digits.',
      )
    if (address === jid || !(await this.#hasDevices(socket, [own, address], address))) throw devicesUnknown()
    return address
  }

  async #hasDevices(socket: WASocket, jids: string[], jid: string): Promise<boolean> {
    const devices = await orUndefined(socket.getUSyncDevices(jids, true, false))
    if (!devices) throw devicesUnknown()
    return devices.some(({ user }) => user === userOf(jid))
  }

  async #compose(socket: WASocket, id: string, jid: string, request: SendRequest): Promise<proto.IMessage> {
    const { content, options } = await request.compose()
    let composed: proto.IWebMessageInfo
    try {
      composed = await generateWAMessage(jid, content, {
        logger: baileysLogger(this.#log),
        userJid: socket.user?.id ?? '',
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
    if (result.code !== undefined) throw refused(result.code)
    return answerOf(id, result.timestamp)
  }

  /** Give the message to Baileys, unless an earlier attempt still runs. @returns a promise that only rejects. */
  #relay(socket: WASocket, id: string, jid: string, message: proto.IMessage): Promise<never> {
    failpoint('send.before_relay')
    const relay = this.#relays.get(id) ?? socket.relayMessage(jid, message, { messageId: id })
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

/** Await a query; `undefined` when it fails or WhatsApp does not answer it. */
function orUndefined<T>(query: Promise<T>): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), QUERY_MS)
  return Promise.race([query.catch(() => undefined), promise]).finally(() => clearTimeout(timer))
}

const notSent = (message: string) => new HttpError(503, 'not_sent', message, { retryAfter: 2 })

const devicesUnknown = () =>
  notSent('WhatsApp did not say to which devices this message must go. Nothing was sent; try again.')

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
  463: 'this person has not written to this number yet, and WhatsApp does not let it start chats now',
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
