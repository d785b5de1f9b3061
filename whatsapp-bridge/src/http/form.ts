import { createHash, randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { HttpError } from '../errors.ts'
import { checkSize, tooLarge } from './body.ts'

/** A file on our disk under a random name; `remove` it after use. */
export type Upload = {
  path: string
  size: number
  sha256: string
  filename: string | undefined
  mimetype: string | undefined
  remove(): Promise<void>
}

/** A form: its text fields and the part named `file`. */
export type Form = { fields: Record<string, string>; file: Upload | undefined }

const MAX_HEADERS = 16 * 1024
const MAX_FIELD = 512 * 1024
/** Room for fields and delimiters beside the file. */
const OVERHEAD = 1024 * 1024

const broken = (why: string): HttpError =>
  new HttpError(400, 'bad_request', `The multipart body cannot be read: ${why}.`)

/**
 * Reads `multipart/form-data`; the file goes to disk as it arrives, never through memory as a whole.
 *
 * @param directory where the file is put; @param limit its largest size in bytes.
 * @throws {HttpError} 400, 413, 415
 */
export async function readForm(request: IncomingMessage, directory: string, limit: number): Promise<Form> {
  checkSize(request, limit + OVERHEAD)
  const boundary = /boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(request.headers['content-type'] ?? '')
  if (!boundary) throw new HttpError(415, 'unsupported_media_type', 'multipart/form-data needs a boundary.')
  const reader = new Reader(request, limit + OVERHEAD)
  const delimiter = Buffer.from(`\r\n--${boundary[1] ?? boundary[2]}`)
  const form: Form = { fields: {}, file: undefined }
  try {
    await reader.text(delimiter, MAX_HEADERS)
    while (await reader.another()) await readPart(reader, delimiter, form, directory, limit)
    return form
  } catch (error) {
    await form.file?.remove()
    throw error
  }
}

async function readPart(
  reader: Reader,
  delimiter: Buffer,
  form: Form,
  directory: string,
  limit: number,
): Promise<void> {
  const head = readHeaders(await reader.text(Buffer.from('\r\n\r\n'), MAX_HEADERS))
  if (head.name !== 'file') {
    form.fields[head.name] = await reader.text(delimiter, MAX_FIELD)
    return
  }
  if (form.file) throw broken('there are two parts named "file"')
  form.file = { ...(await save(reader.until(delimiter), directory, limit)), ...head }
}

type Head = { name: string; filename: string | undefined; mimetype: string | undefined }

function readHeaders(text: string): Head {
  const line = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'im').exec(text)?.[1]?.trim()
  const disposition = line('content-disposition') ?? ''
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1]
  if (!name) throw broken('a part has no name')
  const extended = /filename\*=utf-8''([^;\s]+)/i.exec(disposition)?.[1]
  const filename = decode(extended) ?? decode(/filename="([^"]*)"/i.exec(disposition)?.[1])
  return { name, filename: filename?.slice(0, 1024), mimetype: line('content-type')?.slice(0, 255) }
}

function decode(text: string | undefined): string | undefined {
  if (!text) return undefined
  try {
    return decodeURIComponent(text).toWellFormed()
  } catch {
    return text.toWellFormed()
  }
}

/** Writes a stream to a new file. @throws {HttpError} 413 beyond `limit`; nothing is left behind then. */
export async function save(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  limit: number,
): Promise<Pick<Upload, 'path' | 'size' | 'sha256' | 'remove'>> {
  const path = join(directory, randomUUID())
  const remove = () => rm(path, { force: true })
  const hash = createHash('sha256')
  let size = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const part of source) {
      size += part.length
      if (size > limit) throw tooLarge(limit)
      hash.update(part)
      await file.writeFile(part)
    }
  } catch (error) {
    await file.close()
    await remove()
    throw error
  }
  await file.close()
  return { path, size, sha256: hash.digest('hex'), remove }
}

/** Cuts a byte stream at delimiters. */
class Reader {
  readonly #source: AsyncIterator<Buffer>
  readonly #limit: number
  #buffer: Buffer = Buffer.from('\r\n')
  #read = 0

  constructor(source: AsyncIterable<Buffer>, limit: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#limit = limit
  }

  /** What comes before the next delimiter, piece by piece; the delimiter is taken off. */
  async *until(delimiter: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(delimiter)
      if (at >= 0) {
        yield this.#take(at)
        this.#take(delimiter.length)
        return
      }
      const safe = this.#buffer.length - delimiter.length + 1
      if (safe > 0) yield this.#take(safe)
      await this.#fill()
    }
  }

  async text(delimiter: Buffer, limit: number): Promise<string> {
    const parts: Buffer[] = []
    let size = 0
    for await (const part of this.until(delimiter)) {
      size += part.length
      if (size > limit) throw tooLarge(limit)
      parts.push(part)
    }
    return Buffer.concat(parts).toString('utf8')
  }

  /** After a delimiter: whether a part follows, or the end. */
  async another(): Promise<boolean> {
    while (this.#buffer.length < 2) await this.#fill()
    const mark = this.#take(2).toString('latin1')
    if (mark === '\r\n') return true
    if (mark !== '--') throw broken('a boundary is followed by something else')
    for (;;) if ((await this.#source.next()).done) return false
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async #fill(): Promise<void> {
    const next = await this.#source.next()
    if (next.done) throw broken('it ends too early')
    this.#read += next.value.length
    if (this.#read > this.#limit) throw tooLarge(this.#limit)
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, next.value]) : next.value
  }
}
