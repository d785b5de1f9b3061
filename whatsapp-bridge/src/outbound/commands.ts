import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { WASocket } from 'baileys'
import type { Config } from '../config.ts'
import type { SendAnswer, SendMedia } from '../contract.ts'
import { Refusal } from '../errors.ts'
import { mimetypeOf, readJson } from '../http/body.ts'
import { readForm, save, type Upload } from '../http/multipart.ts'
import { readReact, readRead, readSendMedia, readSendText, readTyping } from '../http/parse.ts'
import type { Intake } from '../inbound/intake.ts'
import { bare } from '../jid.ts'
import { keyOf, kindFor, mediaMessage, quoting, reaction, textMessage } from './outbound.ts'
import type { Order, Transmitter } from './transmitter.ts'

type Parts = {
  config: Config
  intake: Intake
  transmitter: Transmitter
  connected: () => WASocket
  /** For files on their way. */
  temporary: string
}

const FETCH_MS = 60_000
const TYPING_MS = 25_000

/** What the agent asks of WhatsApp: one method a command. */
export class Commands {
  readonly #parts: Parts
  #away: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async send(request: IncomingMessage): Promise<SendAnswer> {
    const key = keyFrom(request)
    const command = readSendText(await readJson(request))
    const options = () => this.#quote(command.to, command.quoted)
    return this.#order(key, ['text', command], command.to, async () => ({
      content: textMessage(command.text),
      options: options(),
    }))
  }

  async sendMedia(request: IncomingMessage): Promise<SendAnswer> {
    const key = keyFrom(request)
    if (mimetypeOf(request) !== 'multipart/form-data') {
      const command = readSendMedia(await readJson(request))
      this.#checkSource(command.url)
      return this.#withFiles((keep) =>
        this.#order(key, ['media', command], command.to, async () =>
          this.#media(command, keep(await this.#fetch(command.url ?? ''))),
        ),
      )
    }
    const { fields, file } = await readForm(request, this.#parts.temporary, this.#parts.config.mediaMaxBytes)
    return this.#withFiles(async (keep) => {
      if (!file) throw new Refusal(422, 'bad_request', 'The form needs a part named "file".')
      keep(file)
      const command = readSendMedia(formFields(fields))
      return this.#order(key, ['file', command, file.sha256], command.to, async () =>
        this.#media(command, file),
      )
    })
  }

  async react(request: IncomingMessage): Promise<SendAnswer> {
    const key = keyFrom(request)
    const command = readReact(await readJson(request))
    return this.#order(key, ['react', command], command.to, async () => ({
      content: reaction(command.to, command, (id) => this.#parts.intake.keyOf(id)),
    }))
  }

  /** To be seen typing one has to be online; the phone keeps its notifications once we are offline again. */
  async typing(request: IncomingMessage): Promise<object> {
    const { to, state } = readTyping(await readJson(request))
    const socket = this.#parts.connected()
    clearTimeout(this.#away)
    const leave = () => socket.sendPresenceUpdate('unavailable').catch(() => {})
    if (state === 'paused') {
      await this.#quickly(socket.sendPresenceUpdate('paused', to).then(leave))
      return {}
    }
    this.#away = setTimeout(() => void leave(), TYPING_MS).unref()
    await this.#quickly(
      socket.sendPresenceUpdate('available').then(() => socket.sendPresenceUpdate(state, to)),
    )
    return {}
  }

  async read(request: IncomingMessage): Promise<object> {
    const { to, messageIds, senderId } = readRead(await readJson(request))
    const socket = this.#parts.connected()
    const keys = messageIds.map((id) => {
      const received = this.#parts.intake.keyOf(id)
      const key = keyOf(to, id, false, senderId, () => received)
      return received?.remoteJid ? { ...key, remoteJid: received.remoteJid } : key
    })
    await this.#quickly(socket.readMessages(keys))
    return {}
  }

  #order(
    key: string | undefined,
    command: unknown[],
    jid: string,
    compose: Order['compose'],
  ): Promise<SendAnswer> {
    const hash = createHash('sha256').update(JSON.stringify(command)).digest('hex')
    return this.#parts.transmitter.send({ key, hash, jid, compose })
  }

  async #media(command: SendMedia, file: Upload) {
    const mimetype = mimetypeFor(command, file)
    const filename = command.filename ?? file.filename
    return {
      content: mediaMessage(
        command.kind ?? kindFor(mimetype),
        { path: file.path, mimetype, filename },
        command,
      ),
      options: this.#quote(command.to, command.quoted),
    }
  }

  #quote(to: string, quoted: SendMedia['quoted']) {
    const { user } = this.#parts.connected()
    const me = [bare(user?.id), bare(user?.lid)]
    return quoting(
      to,
      quoted,
      (id) => this.#parts.intake.keyOf(id),
      (id) => me.includes(bare(id)),
    )
  }

  /** Runs `work` and removes the files that it kept, whatever happens. */
  async #withFiles<T>(work: (keep: (file: Upload) => Upload) => Promise<T>): Promise<T> {
    const kept: Upload[] = []
    const keep = (file: Upload): Upload => {
      kept.push(file)
      return file
    }
    try {
      return await work(keep)
    } finally {
      await Promise.all(kept.map((file) => file.remove()))
    }
  }

  /** @throws {Refusal} 422: a file, another host, another port. */
  #checkSource(url: string | null | undefined): void {
    if (!url) throw new Refusal(422, 'bad_request', 'Send the file as multipart/form-data, or name its url.')
    const { origin } = new URL(this.#parts.config.apiUrl)
    const source = URL.parse(url)
    if (source?.origin === origin && !source.username && !source.password) return
    throw new Refusal(422, 'bad_request', `url must be on the agent's own origin ${origin} (CLEO_API_URL).`)
  }

  async #fetch(url: string): Promise<Upload> {
    const { config, temporary } = this.#parts
    const headers = config.secret ? { 'x-webhook-secret': config.secret } : undefined
    const signal = AbortSignal.timeout(FETCH_MS)
    const response = await fetch(url, { redirect: 'manual', signal, ...(headers ? { headers } : {}) }).catch(
      () => undefined,
    )
    if (!response || response.status >= 500)
      throw new Refusal(503, 'not_sent', 'The file cannot be fetched from the agent now. Nothing was sent.', {
        retryAfter: 2,
      })
    if (response.status !== 200 || !response.body)
      throw new Refusal(422, 'media_unavailable', `The agent answered HTTP ${response.status} for the file.`)
    const saved = await save(response.body, temporary, config.mediaMaxBytes)
    return { ...saved, filename: undefined, mimetype: response.headers.get('content-type') ?? undefined }
  }

  async #quickly(work: Promise<unknown>): Promise<void> {
    await work.catch(() => {
      throw new Refusal(503, 'not_connected', 'The connection to WhatsApp was lost. Try again.', {
        retryAfter: 5,
      })
    })
  }
}

function keyFrom(request: IncomingMessage): string | undefined {
  const given = request.headersDistinct['idempotency-key']
  if (!given) return undefined
  const key = given.length === 1 ? given[0] : undefined
  if (key && /^[!-~]{1,255}$/.test(key)) return key
  throw new Refusal(
    400,
    'bad_request',
    'Idempotency-Key must be given once: 1–255 visible ASCII characters without spaces.',
  )
}

/** A form has only text: the two fields that are more become what JSON would have given. */
function formFields(fields: Record<string, string>): Record<string, unknown> {
  const { seconds, quoted, ...rest } = fields
  return {
    ...rest,
    ...(seconds ? { seconds: /^\d+$/.test(seconds) ? Number(seconds) : seconds } : {}),
    ...(quoted ? { quoted: parsed(quoted) } : {}),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Refusal(422, 'bad_request', 'quoted must be a JSON object.')
  }
}

function mimetypeFor(command: SendMedia, file: Upload): string {
  const fallback = command.kind === 'voice' ? 'audio/ogg; codecs=opus' : 'application/octet-stream'
  const mimetype = command.mimetype ?? file.mimetype ?? fallback
  if (/^[\w.+-]+\/[\w.+-]+(;.*)?$/.test(mimetype)) return mimetype
  throw new Refusal(422, 'bad_request', 'mimetype must look like application/pdf.')
}
