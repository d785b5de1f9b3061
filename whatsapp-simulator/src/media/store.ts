import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { getMediaKeys, type MediaType } from 'baileys'

/** Bytes at the end of an encrypted file: a truncated HMAC-SHA256 over IV and ciphertext. */
const MAC = 10

/** A message's statements about its encrypted file. */
export type FileInfo = {
  mediaKey: Uint8Array
  fileSha256: Uint8Array
  fileEncSha256: Uint8Array
  fileLength: number
  directPath: string
  url: string
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** WhatsApp's media servers: encrypted files by path. */
export class MediaStore {
  readonly #files = new Map<string, Buffer>()
  /** `host:port` of the HTTPS server; known once it listens. */
  host = ''

  /** Store an encrypted file. @returns its direct path. */
  put(file: Buffer): string {
    const path = `/v/t62.7118-24/${randomBytes(12).toString('hex')}.enc`
    this.#files.set(path, file)
    return path
  }

  get(path: string): Buffer | undefined {
    return this.#files.get(path.split('?')[0] ?? path)
  }

  delete(path: string): boolean {
    return this.#files.delete(path.split('?')[0] ?? path)
  }

  urlOf(path: string): string {
    return `https://${this.host}${path}?ccb=1`
  }

  /** Encrypt a file as phones do, and upload it. */
  async upload(plain: Buffer, type: MediaType): Promise<FileInfo> {
    const mediaKey = randomBytes(32)
    const file = await encrypt(plain, mediaKey, type)
    const directPath = this.put(file)
    const [fileSha256, fileEncSha256] = [sha256(plain), sha256(file)]
    return {
      mediaKey,
      fileSha256,
      fileEncSha256,
      fileLength: plain.length,
      directPath,
      url: this.urlOf(directPath),
    }
  }

  /** Fetch and decrypt a file that a message names. @throws when it is missing, damaged or another one. */
  async download(
    info: { [name in keyof FileInfo]?: FileInfo[name] | object | null },
    type: MediaType,
  ): Promise<Buffer> {
    const file = this.get(String(info.directPath ?? ''))
    if (!file) throw new Error('the media server has no such file')
    const plain = await decrypt(file, info.mediaKey as Uint8Array, type)
    if (!sha256(plain).equals(info.fileSha256 as Uint8Array))
      throw new Error('the file has another SHA-256 than announced')
    return plain
  }
}

async function encrypt(plain: Buffer, mediaKey: Buffer, type: MediaType): Promise<Buffer> {
  const { cipherKey, iv, macKey } = await keys(mediaKey, type)
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([body, mac(macKey, iv, body)])
}

async function decrypt(file: Buffer, mediaKey: Uint8Array, type: MediaType): Promise<Buffer> {
  const { cipherKey, iv, macKey } = await keys(mediaKey, type)
  const body = file.subarray(0, -MAC)
  if (!timingSafeEqual(mac(macKey, iv, body), file.subarray(-MAC)))
    throw new Error('the file has a wrong MAC')
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  return Buffer.concat([decipher.update(body), decipher.final()])
}

const mac = (key: Uint8Array, iv: Uint8Array, body: Buffer): Buffer =>
  createHmac('sha256', key).update(iv).update(body).digest().subarray(0, MAC)

async function keys(
  mediaKey: Uint8Array,
  type: MediaType,
): Promise<{ cipherKey: Uint8Array; iv: Uint8Array; macKey: Uint8Array }> {
  const { cipherKey, iv, macKey } = await getMediaKeys(mediaKey, type)
  if (!macKey) throw new Error('media keys without a MAC key')
  return { cipherKey, iv, macKey }
}
