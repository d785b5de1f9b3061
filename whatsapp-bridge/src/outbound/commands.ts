import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { WASocket } from 'baileys'
import type { Config } from '../config.ts'
import type { SendAnswer, SendMedia } from '../contract.ts'
import { HttpError } from '../errors.ts'
import { mimetypeOf, readJson } from '../http/body.ts'
import { readForm, type Upload } from '../http/form.ts'
import { readReact, readRead, readSendMedia, readSendText, readTyping } from '../http/validate.ts'
import type { Ingest } from '../inbound/ingest.ts'
import { bareJid, type LidMapping } from '../jid.ts'
import { writeTemporaryFile } from '../temporary-file.ts'
import { kindFor, mediaMessage, messageKey, quoteOption, reactionMessage, textMessage } from './compose.ts'
import { addressesOf } from './recipient.ts'
import type { Sender, SendRequest } from './sender.ts'
import { readSound } from './sound.ts'

type Dependencies = {
  config: Config
  ingest: Ingest
  sender: Sender
  lidMapping: LidMapping
  connected: () => WASocket
  /** Directory for temporary files. */
  temporary: string
}

const FETCH_MS = 60_000
const TYPING_MS = 25_000

/** Carry out the agent's commands: one method each. */
export class Commands {
  readonly #dependencies: Dependencies
  #goOffline: NodeJS.Timeout | undefined

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies
  }

  async send(request: IncomingMessage): Promise<SendAnswer> {
    const key = keyFrom(request)
    const command = await readSendText(await readJson(request))
    return this.#send(key, ['text', command], command.to, async (jid) => ({
      content: textMessage(command.text),
      options: this.#quote(jid, command.quoted),
    }))
  }

  async sendMedia(request: IncomingMessage): Promise<SendAnswer> {
    const key = keyFrom(request)
    if (mimetypeOf(request) !== 'multipart/form-data') {
      const command = await readSendMedia(await readJson(request))
      this.#checkSource(command.url)
      return this.#withFiles((track) =>
        this.#send(key, ['media', command], command.to, async (jid) =>
          this.#media(jid, command, track(await this.#fetch(command.url ?? ''))),
        ),
      )
    }
    const { fields, file } = await readForm(
      request,
      this.#dependencies.temporary,
      this.#dependencies.config.mediaMaxBytes,
    )
    return this.#withFiles(async (track) => {
      if (!file) throw new HttpError(422, 'bad_request', 'The form needs a part named "file".')
      track(file)
      const command = await readSendMedia(formFields(fields))
      return this.#send(key, ['file', command, file.sha256], command.to, async (jid) =>
        this.#media(jid, command, file),
      )
    })
  }

  async react(request: IncomingMessage): Promise<SendAnswer> {
    const key = keyFrom(request)
    const command = await readReact(await readJson(request))
    return this.#send(key, ['react', command], command.to, async (jid) => ({
      content: reactionMessage(jid, command, (id) => this.#dependencies.ingest.keyOf(id)),
    }))
  }

  /** Show or end “typing…”. It needs us online; afterwards we go offline, so that the phone gets notifications again. */
  async typing(request: IncomingMessage): Promise<object> {
    const { to: asked, state = 'composing' } = await readTyping(await readJson(request))
    const to = this.#addressOf(asked)
    const socket = this.#dependencies.connected()
    clearTimeout(this.#goOffline)
    const leave = () => socket.sendPresenceUpdate('unavailable').catch(() => {})
    if (state === 'paused') {
      await this.#whileConnected(socket.sendPresenceUpdate('paused', to).then(leave))
      return {}
    }
    this.#goOffline = setTimeout(() => void leave(), TYPING_MS).unref()
    await this.#whileConnected(
      socket.sendPresenceUpdate('available').then(() => socket.sendPresenceUpdate(state, to)),
    )
    return {}
  }

  async read(request: IncomingMessage): Promise<object> {
    const { to, messageIds, senderId } = await readRead(await readJson(request))
    const socket = this.#dependencies.connected()
    const keys = messageIds.map((id) => {
      const received = this.#dependencies.ingest.keyOf(id)
      const key = messageKey(this.#addressOf(to), id, false, senderId, () => received)
      return received?.remoteJid ? { ...key, remoteJid: received.remoteJid } : key
    })
    await this.#whileConnected(socket.readMessages(keys))
    return {}
  }

  /** Return the address to use for a person: the LID where it is known. */
  #addressOf(jid: string): string {
    return addressesOf(jid, this.#dependencies.lidMapping)[0] ?? jid
  }

  #send(
    key: string | undefined,
    command: unknown[],
    jid: string,
    compose: SendRequest['compose'],
  ): Promise<SendAnswer> {
    const hash = createHash('sha256').update(JSON.stringify(command)).digest('hex')
    return this.#dependencies.sender.send({ key, hash, jid, compose })
  }

  async #media(jid: string, command: SendMedia, file: Upload) {
    const mimetype = mimetypeFor(command, file)
    const filename = command.filename ?? file.filename
    const kind = command.kind ?? kindFor(mimetype)
    const sound = kind === 'voice' || kind === 'audio' ? await readSound(file.path) : undefined
    return {
      content: mediaMessage(kind, { path: file.path, mimetype, filename }, command, sound),
      options: this.#quote(jid, command.quoted),
    }
  }

  #quote(to: string, quoted: SendMedia['quoted']) {
    const { user } = this.#dependencies.connected()
    const me = [bareJid(user?.id), bareJid(user?.lid)]
    return quoteOption(
      to,
      quoted,
      (id) => this.#dependencies.ingest.keyOf(id),
      (id) => me.includes(bareJid(id)),
    )
  }

  /** Run `work` and remove the files that it tracked, whatever happens. */
  async #withFiles<T>(work: (track: (file: Upload) => Upload) => Promise<T>): Promise<T> {
    const files: Upload[] = []
    const track = (file: Upload): Upload => {
      files.push(file)
      return file
    }
    try {
      return await work(track)
    } finally {
      await Promise.all(files.map((file) => file.remove()))
    }
  }

  /** Check where a file is fetched from. @throws {HttpError} 422 unless it is the agent's own origin. */
  #checkSource(url: string | null | undefined): void {
    if (!url)
      throw new HttpError(422, 'bad_request', 'Send the file as multipart/form-data, or name its url.')
    const { origin } = new URL(this.#dependencies.config.apiUrl)
    const source = URL.parse(url)
    if (source?.origin === origin && !source.username && !source.password) return
    throw new HttpError(422, 'bad_request', `url must be on the agent's own origin ${origin} (CLEO_API_URL).`)
  }

  async #fetch(url: string): Promise<Upload> {
    const { config, temporary } = this.#dependencies
    const headers = config.secret ? { 'x-webhook-secret': config.secret } : undefined
    const signal = AbortSignal.timeout(FETCH_MS)
    const response = await fetch(url, { redirect: 'manual', signal, ...(headers ? { headers } : {}) }).catch(
      () => undefined,
    )
    if (!response || response.status >= 500)
      throw new HttpError(
        503,
        'not_sent',
        'The file cannot be fetched from the agent now. Nothing was sent.',
        {
          retryAfter: 2,
        },
      )
    if (response.status !== 200 || !response.body)
      throw new HttpError(
        422,
        'media_unavailable',
        `The agent answered HTTP ${response.status} for the file.`,
      )
    const saved = await writeTemporaryFile(response.body, temporary, config.mediaMaxBytes)
    return { ...saved, filename: undefined, mimetype: response.headers.get('content-type') ?? undefined }
  }

  async #whileConnected(work: Promise<unknown>): Promise<void> {
    await work.catch(() => {
      throw new HttpError(503, 'not_connected', 'The connection to WhatsApp was lost. Try again.', {
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
  throw new HttpError(
    400,
    'bad_request',
    'Idempotency-Key must be given once: 1–255 visible ASCII characters without spaces.',
  )
}

/** Convert a form's fields, which are all text, to what JSON would have given. */
function formFields(fields: Record<string, string>): Record<string, unknown> {
  const { seconds, quoted, ...rest } = fields
  return {
    ...rest,
    ...(seconds ? { seconds: /^\d+$/.test(seconds) ? Number(seconds) : seconds } : {}),
    ...(quoted ? { quoted: parseJson(quoted) } : {}),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(422, 'bad_request', 'quoted must be a JSON object.')
  }
}

function mimetypeFor(command: SendMedia, file: Upload): string {
  const fallback = command.kind === 'voice' ? 'audio/ogg; codecs=opus' : 'application/octet-stream'
  const mimetype = command.mimetype ?? file.mimetype ?? fallback
  if (/^[\w.+-]+\/[\w.+-]+(;.*)?$/.test(mimetype)) return mimetype
  throw new HttpError(422, 'bad_request', 'mimetype must look like application/pdf.')
}
