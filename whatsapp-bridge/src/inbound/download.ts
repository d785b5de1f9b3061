import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { DEF_MEDIA_HOST, getMediaKeys, type MediaType } from 'baileys'
import { reasonOf } from '../errors.ts'

/** The fields of a media message that its download needs. All of it was chosen by the sender. */
export type Descriptor = {
  mediaKey?: Uint8Array | null
  directPath?: string | null
  url?: string | null
}

/** WhatsApp's file server has answered with another status than 200. */
export class DownloadError extends Error {
  readonly status: number
  constructor(status: number, reason: string) {
    super(reason)
    this.status = status
  }
}

const MAC_BYTES = 10
const TIMEOUT_MS = 120_000
const ORIGIN = `https://${DEF_MEDIA_HOST}`

/**
 * Download and decrypt a media message (AES-256-CBC; the last 10 bytes of the file are an HMAC-SHA256 over IV and
 * ciphertext). Baileys' own download neither checks that HMAC nor survives a connection that breaks half-way.
 *
 * @throws {DownloadError} when the server does not give the file; `Error` when the file is damaged.
 */
export async function* downloadMedia(descriptor: Descriptor, type: MediaType): AsyncGenerator<Buffer> {
  const { iv, cipherKey, macKey } = await getMediaKeys(descriptor.mediaKey, type)
  if (!macKey) throw new Error('the message has no media key')
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  const hmac = createHmac('sha256', macKey).update(iv)
  let rest: Buffer = Buffer.alloc(0)
  for await (const part of await request(addressOf(descriptor))) {
    const bytes = Buffer.concat([rest, part])
    const safe = Math.max(0, bytes.length - MAC_BYTES)
    rest = bytes.subarray(safe)
    hmac.update(bytes.subarray(0, safe))
    yield decipher.update(bytes.subarray(0, safe))
  }
  const mac = hmac.digest().subarray(0, MAC_BYTES)
  if (rest.length !== MAC_BYTES || !timingSafeEqual(mac, rest)) throw new Error('the file is damaged')
  yield decipher.final()
}

/** Return the file's address, always on WhatsApp's own file server: the sender must not choose the host. */
export function addressOf({ directPath, url }: Descriptor): URL {
  const wanted = URL.parse(url ?? '')
  const path = directPath || (wanted ? wanted.pathname + wanted.search : '')
  const address = path.startsWith('/') ? URL.parse(path, ORIGIN) : null
  if (address?.origin !== ORIGIN) throw new Error('the message names no file on WhatsApp’s server')
  return address
}

async function request(address: URL): Promise<AsyncIterable<Uint8Array>> {
  const headers = { origin: 'https://web.whatsapp.com' }
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(address.href, { headers, signal, redirect: 'error' }).catch(
    (error: unknown) => {
      throw new DownloadError(0, reasonOf(error))
    },
  )
  if (response.status === 200 && response.body) return response.body
  await response.body?.cancel()
  throw new DownloadError(response.status, `HTTP ${response.status}`)
}
