import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  type KeyPair,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from 'baileys'

const NOTHING = Buffer.alloc(0)

/** Return a counter as a 12-byte AES-GCM nonce. */
function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeUInt32BE(counter, 8)
  return iv
}

/**
 * The server's half of `Noise_XX_25519_AESGCM_SHA256` and of WhatsApp's framing (3-byte length, then ciphertext);
 * the mirror of `baileys/lib/Utils/noise-handler.js`.
 */
export class NoiseResponder {
  readonly #static: KeyPair
  readonly #chain: Buffer
  readonly #ephemeral = Curve.generateKeyPair()
  #hash: Buffer
  #salt: Buffer
  #key: Buffer
  #counter = 0
  #transport: { read: Buffer; write: Buffer; reads: number; writes: number } | undefined
  #received: Buffer = NOTHING
  #headerRead = false

  constructor(staticKey: KeyPair, certificateChain: Buffer) {
    this.#static = staticKey
    this.#chain = certificateChain
    const mode = Buffer.from(NOISE_MODE)
    this.#hash = mode.length === 32 ? mode : sha256(mode)
    this.#salt = this.#hash
    this.#key = this.#hash
    this.#authenticate(NOISE_WA_HEADER)
  }

  /** Answer the client's hello (`e`) with `e, ee, s, es` and the certificate chain. */
  hello(frame: Buffer): Buffer {
    const { clientHello } = proto.HandshakeMessage.decode(frame)
    const theirs = required(clientHello?.ephemeral, 'ephemeral key')
    this.#authenticate(theirs)
    this.#authenticate(this.#ephemeral.public)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, theirs))
    const staticKey = this.#encrypt(this.#static.public)
    this.#mix(Curve.sharedKey(this.#static.private, theirs))
    const payload = this.#encrypt(this.#chain)
    const serverHello = { ephemeral: this.#ephemeral.public, static: staticKey, payload }
    return Buffer.from(proto.HandshakeMessage.encode({ serverHello }).finish())
  }

  /** Take the client's `s, se`; from here on every frame is encrypted. */
  finish(frame: Buffer): { clientKey: Buffer; payload: proto.ClientPayload } {
    const { clientFinish } = proto.HandshakeMessage.decode(frame)
    const clientKey = this.#decrypt(required(clientFinish?.static, 'static key'))
    this.#mix(Curve.sharedKey(this.#ephemeral.private, clientKey))
    const payload = proto.ClientPayload.decode(this.#decrypt(required(clientFinish?.payload, 'payload')))
    const keys = Buffer.from(hkdf(NOTHING, 64, { salt: this.#salt, info: '' }))
    this.#transport = { read: keys.subarray(0, 32), write: keys.subarray(32), reads: 0, writes: 0 }
    return { clientKey, payload }
  }

  /** Frame bytes for the socket. */
  frame(data: Buffer): Buffer {
    const transport = this.#transport
    const body = transport ? aesEncryptGCM(data, transport.write, nonce(transport.writes++), NOTHING) : data
    const framed = Buffer.allocUnsafe(3 + body.length)
    framed.writeUIntBE(body.length, 0, 3)
    body.copy(framed, 3)
    return framed
  }

  /** Take bytes from the socket and yield every complete frame, decrypted once the handshake is done. */
  *unframe(chunk: Buffer): Generator<Buffer> {
    this.#received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk
    if (!this.#headerRead && !this.#readHeader()) return
    while (this.#received.length >= 3) {
      const size = this.#received.readUIntBE(0, 3)
      if (this.#received.length < size + 3) return
      const frame = this.#received.subarray(3, 3 + size)
      this.#received = this.#received.subarray(3 + size)
      const transport = this.#transport
      yield transport ? aesDecryptGCM(frame, transport.read, nonce(transport.reads++), NOTHING) : frame
    }
  }

  /** Read how a client opens: an optional routing block (`ED`, version, length, bytes) and the 4-byte header. */
  #readHeader(): boolean {
    let start = 0
    if (this.#received.subarray(0, 2).toString('latin1') === 'ED') {
      if (this.#received.length < 7) return false
      start = 7 + this.#received.readUIntBE(4, 3)
    }
    if (this.#received.length < start + 4) return false
    this.#received = this.#received.subarray(start + 4)
    this.#headerRead = true
    return true
  }

  #authenticate(data: Uint8Array): void {
    this.#hash = sha256(Buffer.concat([this.#hash, data]))
  }

  #mix(secret: Uint8Array): void {
    const keys = Buffer.from(hkdf(Buffer.from(secret), 64, { salt: this.#salt, info: '' }))
    this.#salt = keys.subarray(0, 32)
    this.#key = keys.subarray(32)
    this.#counter = 0
  }

  #encrypt(plain: Uint8Array): Buffer {
    const cipher = aesEncryptGCM(plain, this.#key, nonce(this.#counter++), this.#hash)
    this.#authenticate(cipher)
    return cipher
  }

  #decrypt(cipher: Uint8Array): Buffer {
    const plain = aesDecryptGCM(cipher, this.#key, nonce(this.#counter++), this.#hash)
    this.#authenticate(cipher)
    return plain
  }
}

function required(bytes: Uint8Array | null | undefined, what: string): Buffer {
  if (!bytes) throw new Error(`the client's handshake has no ${what}`)
  return Buffer.from(bytes)
}
