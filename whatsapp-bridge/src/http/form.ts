import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.ts'
import { type TemporaryFile, writeTemporaryFile } from '../temporary-file.ts'
import { checkSize, tooLarge } from './body.ts'

/** An uploaded file; `remove` it after use. */
export type Upload = TemporaryFile & { filename: string | undefined; mimetype: string | undefined }

/** A form: its text fields, and the part named `file`. */
export type Form = { fields: Record<string, string>; file: Upload | undefined }

const MAX_HEADER_BYTES = 16 * 1024
const MAX_FIELD_BYTES = 512 * 1024
/** For fields and delimiters, besides the file. */
const OVERHEAD_BYTES = 1024 * 1024

const malformed = (why: string): HttpError =>
  new HttpError(400, 'bad_request', `The multipart body cannot be read: ${why}.`)

/**
 * Read `multipart/form-data`; the file goes to disk as it arrives.
 *
 * @param directory for the file. @param limit its largest size in bytes.
 * @throws {HttpError} 400, 413, 415
 */
export async function readForm(request: IncomingMessage, directory: string, limit: number): Promise<Form> {
  checkSize(request, limit + OVERHEAD_BYTES)
  const boundary = /boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(request.headers['content-type'] ?? '')
  if (!boundary) throw new HttpError(415, 'unsupported_media_type', 'multipart/form-data needs a boundary.')
  const reader = new Reader(request, limit + OVERHEAD_BYTES)
  const delimiter = Buffer.from(`\r\n--${boundary[1] ?? boundary[2]}`)
  const form: Form = { fields: {}, file: undefined }
  try {
    await reader.text(delimiter, MAX_HEADER_BYTES)
    while (await reader.hasNext()) await readPart(reader, delimiter, form, directory, limit)
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
  const head = readHeaders(await reader.text(Buffer.from('\r\n\r\n'), MAX_HEADER_BYTES))
  if (head.name !== 'file') {
    form.fields[head.name] = await reader.text(delimiter, MAX_FIELD_BYTES)
    return
  }
  if (form.file) throw malformed('there are two parts named "file"')
  form.file = { ...(await writeTemporaryFile(reader.until(delimiter), directory, limit)), ...head }
}

type Head = { name: string; filename: string | undefined; mimetype: string | undefined }

function readHeaders(text: string): Head {
  const line = (name: string) => new RegExp(`^${name}:\\s*(.+)$`, 'im').exec(text)?.[1]?.trim()
  const disposition = line('content-disposition') ?? ''
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1]
  if (!name) throw malformed('a part has no name')
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

/** Split a byte stream at delimiters. */
class Reader {
  readonly #source: AsyncIterator<Buffer>
  readonly #limit: number
  #buffer: Buffer = Buffer.from('\r\n')
  #read = 0

  constructor(source: AsyncIterable<Buffer>, limit: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#limit = limit
  }

  /** Yield the bytes up to the next delimiter, and skip the delimiter. */
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

  /** Return whether a part follows the delimiter; otherwise read to the end. */
  async hasNext(): Promise<boolean> {
    while (this.#buffer.length < 2) await this.#fill()
    const mark = this.#take(2).toString('latin1')
    if (mark === '\r\n') return true
    if (mark !== '--') throw malformed('a boundary is followed by something else')
    for (;;) if ((await this.#source.next()).done) return false
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }

  async #fill(): Promise<void> {
    const next = await this.#source.next()
    if (next.done) throw malformed('it ends too early')
    this.#read += next.value.length
    if (this.#read > this.#limit) throw tooLarge(this.#limit)
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, next.value]) : next.value
  }
}
