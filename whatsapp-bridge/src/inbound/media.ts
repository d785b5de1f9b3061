import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { MediaType, proto, WAMessage, WASocket } from 'baileys'
import { Refusal } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { save, type Upload } from '../http/multipart.ts'
import { unwrap } from './content.ts'
import { type Descriptor, DownloadError, downloadMedia } from './download.ts'
import type { MediaStore } from './media-store.ts'

/** What a media message says about its file. */
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
const PHONE_MS = 20_000

type Parts = { store: MediaStore; connected: () => WASocket; directory: string; limit: number }

/**
 * Downloads, decrypts and checks received media, then serves it. Nothing is served before its digest is right. When
 * WhatsApp has dropped the file, the phone is asked to upload it again.
 *
 * @throws {Refusal} 404 unknown, 410 gone, 413 too large, 502 damaged, 503 not now
 */
export async function serveMedia(id: string, response: ServerResponse, parts: Parts): Promise<void> {
  const message = parts.store.find(id)
  const found = message?.message && descriptorOf(message.message)
  if (!message || !found)
    throw new Refusal(404, 'not_found', 'There is no media with this id; it may be too old.')
  if (Number(found.descriptor.fileLength ?? 0) > parts.limit) throw tooBig(parts.limit)
  failpoint('media.before_download')
  const file = await fetchFile(id, message, found, parts)
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
type Stored = Pick<Upload, 'path' | 'size' | 'remove'>

async function fetchFile(id: string, message: WAMessage, found: Found, parts: Parts): Promise<Stored> {
  try {
    return await download(found, parts)
  } catch (error) {
    if (!(error instanceof DownloadError && GONE.has(error.status))) throw refusalFor(error, parts.limit)
  }
  await askPhone(id, message, parts)
  const renewed = message.message && descriptorOf(message.message)
  return download(renewed ?? found, parts).catch((error: unknown) => {
    throw refusalFor(error, parts.limit)
  })
}

async function download({ descriptor, type }: Found, { directory, limit }: Parts): Promise<Stored> {
  const file = await save(downloadMedia(descriptor, type), directory, limit)
  const expected = descriptor.fileSha256
  if (!expected?.length || Buffer.from(expected).toString('hex') === file.sha256) return file
  await file.remove()
  throw new Error('the file is another one')
}

/** Asks the phone to upload the file again; the new address is kept. */
async function askPhone(id: string, message: WAMessage, { store, connected }: Parts): Promise<void> {
  const socket = connected()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('the phone did not answer')), PHONE_MS)
  try {
    // Baileys looks for the descriptor at the top of the message
    const flat: WAMessage = { key: message.key, message: unwrap(message.message ?? {}) }
    await Promise.race([socket.updateMediaMessage(flat), late])
    if (flat.message) store.renew(id, flat.message)
    message.message = flat.message ?? null
  } catch {
    throw new Refusal(
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

/** The sender chose the mimetype: only a plain one goes into a header. */
const headerSafe = (mimetype: string | null | undefined): string =>
  mimetype && /^[\w.+-]+\/[\w.+-]+(; ?[\w.-]+=[\w.-]+)*$/.test(mimetype)
    ? mimetype
    : 'application/octet-stream'

const tooBig = (limit: number) =>
  new Refusal(413, 'too_large', `This file is larger than WHATSAPP_MEDIA_MAX_BYTES (${limit} bytes).`)

function refusalFor(error: unknown, limit: number): Refusal {
  if (error instanceof Refusal) return tooBig(limit)
  if (error instanceof DownloadError)
    return new Refusal(503, 'media_unavailable', 'The file cannot be fetched from WhatsApp now; try again.', {
      retryAfter: 5,
    })
  return new Refusal(502, 'media_damaged', 'The file from WhatsApp does not have the announced content.')
}
