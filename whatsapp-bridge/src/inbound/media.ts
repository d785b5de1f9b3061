import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { MediaType, proto, WAMessage, WASocket } from 'baileys'
import { HttpError } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { type TemporaryFile, writeTemporaryFile } from '../temporary-file.ts'
import { unwrap } from './content/read.ts'
import { type Descriptor, DownloadError, downloadMedia } from './download.ts'
import type { MediaStore } from './media-store.ts'

/** A media message's statements about its file. */
type FileInfo = Descriptor & {
  mimetype?: string | null
  fileLength?: unknown
  fileSha256?: Uint8Array | null
}

const FIELDS: [keyof proto.IMessage, MediaType][] = [
  ['imageMessage', 'image'],
  ['videoMessage', 'video'],
  ['ptvMessage', 'video'],
  ['audioMessage', 'audio'],
  ['documentMessage', 'document'],
  ['stickerMessage', 'sticker'],
]
const GONE = new Set([403, 404, 410])
const REUPLOAD_TIMEOUT_MS = 20_000

type Dependencies = { store: MediaStore; connected: () => WASocket; directory: string; limit: number }

/**
 * Download, decrypt and check received media, then serve it. Nothing is served before its digest is right. When
 * WhatsApp has dropped the file, the phone is asked to upload it again.
 *
 * @throws {HttpError} 404 unknown, 410 gone, 413 too large, 502 damaged, 503 not now
 */
export async function serveMedia(
  id: string,
  response: ServerResponse,
  dependencies: Dependencies,
): Promise<void> {
  const message = dependencies.store.find(id)
  const found = message?.message && descriptorOf(message.message)
  if (!message || !found)
    throw new HttpError(404, 'not_found', 'There is no media with this id; it may be too old.')
  if (Number(found.descriptor.fileLength ?? 0) > dependencies.limit) throw tooLarge(dependencies.limit)
  failpoint('media.before_download')
  const file = await fetchFile(id, message, found, dependencies)
  failpoint('media.after_download')
  try {
    response.writeHead(200, {
      'content-type': headerSafe(found.descriptor.mimetype),
      'content-length': file.size,
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    await pipeline(createReadStream(file.path), response)
  } finally {
    await file.remove()
  }
}

type Found = { descriptor: FileInfo; type: MediaType }

async function fetchFile(
  id: string,
  message: WAMessage,
  found: Found,
  dependencies: Dependencies,
): Promise<TemporaryFile> {
  try {
    return await download(found, dependencies)
  } catch (error) {
    if (!(error instanceof DownloadError && GONE.has(error.status)))
      throw httpErrorFor(error, dependencies.limit)
  }
  await requestReupload(id, message, dependencies)
  const renewed = message.message && descriptorOf(message.message)
  return download(renewed ?? found, dependencies).catch((error: unknown) => {
    throw httpErrorFor(error, dependencies.limit)
  })
}

async function download(
  { descriptor, type }: Found,
  { directory, limit }: Dependencies,
): Promise<TemporaryFile> {
  const file = await writeTemporaryFile(downloadMedia(descriptor, type), directory, limit)
  const expected = descriptor.fileSha256
  if (!expected?.length || Buffer.from(expected).toString('hex') === file.sha256) return file
  await file.remove()
  throw new Error('the file has another digest')
}

/** Ask the phone to upload the file again; the new address is kept. */
async function requestReupload(
  id: string,
  message: WAMessage,
  { store, connected }: Dependencies,
): Promise<void> {
  const socket = connected()
  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('the phone did not answer')), REUPLOAD_TIMEOUT_MS)
  try {
    // Baileys looks for the descriptor at the top of the message
    const flat: WAMessage = { key: message.key, message: unwrap(message.message ?? {}) }
    await Promise.race([socket.updateMediaMessage(flat), timeout])
    if (flat.message) store.update(id, flat.message)
    message.message = flat.message ?? null
  } catch {
    throw new HttpError(
      410,
      'media_gone',
      'WhatsApp no longer has this file and the phone did not upload it again.',
    )
  } finally {
    clearTimeout(timer)
  }
}

function descriptorOf(message: proto.IMessage): Found | undefined {
  const inner = unwrap(message)
  for (const [field, type] of FIELDS) {
    const descriptor = inner[field] as FileInfo | null | undefined
    if (descriptor) return { descriptor, type }
  }
  return undefined
}

/** Return a mimetype for a header. The sender chose it: only a well-formed one is used. */
const headerSafe = (mimetype: string | null | undefined): string =>
  mimetype && /^[\w.+-]+\/[\w.+-]+(; ?[\w.-]+=[\w.-]+)*$/.test(mimetype)
    ? mimetype
    : 'application/octet-stream'

const tooLarge = (limit: number) =>
  new HttpError(413, 'too_large', `This file is larger than WHATSAPP_MEDIA_MAX_BYTES (${limit} bytes).`)

function httpErrorFor(error: unknown, limit: number): HttpError {
  if (error instanceof HttpError) return tooLarge(limit)
  if (error instanceof DownloadError)
    return new HttpError(
      503,
      'media_unavailable',
      'The file cannot be fetched from WhatsApp now; try again.',
      {
        retryAfter: 5,
      },
    )
  return new HttpError(502, 'media_damaged', 'The file from WhatsApp does not have the announced content.')
}
