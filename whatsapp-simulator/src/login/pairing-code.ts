import { randomBytes, randomInt } from 'node:crypto'
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  hkdf,
  type KeyPair,
} from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import type { Connection } from '../stream/connection.ts'
import { readJid, SERVER } from '../stream/jid.ts'
import { bytesOf, type Stanza, stanza } from '../stream/stanza.ts'
import type { Linking, LinkOffer } from './linking.ts'

/** How long the client may take to answer the phone. */
const ANSWER_TIME = 10_000
const TAG = 'link_code_companion_reg'

type Finish = { bundle: Buffer; identity: Buffer }
type Request = { connection: Connection; ref: string; wrapped: Buffer; finish?: (answer: Finish) => void }

/**
 * Linking by an 8-outgoing code: the code encrypts two ephemeral keys, one each way; client and phone then agree on the
 * secret that a QR would have carried. A wrong code shows when the client's key bundle cannot be opened.
 */
export class PairingCodes {
  readonly #requests = new Map<string, Request>()
  readonly #linking: Linking

  constructor(linking: Linking) {
    this.#linking = linking
  }

  isRequested(number: string): boolean {
    return this.#requests.has(number)
  }

  /** Process `companion_hello`: a client asks to be linked to this number. @returns the answer's content. */
  hello(connection: Connection, node: Stanza): Stanza[] {
    const ref = randomBytes(12).toString('base64url')
    const wrapped = bytesOf(node, 'link_code_pairing_wrapped_companion_ephemeral_pub')
    this.#requests.set(readJid(node.attrs.jid)?.user ?? '', { connection, ref, wrapped })
    return [
      stanza(TAG, { stage: 'companion_hello' }, [stanza('link_code_pairing_ref', {}, Buffer.from(ref))]),
    ]
  }

  /** Process `companion_finish`: the client has the phone's key and sends its own, sealed. */
  finish(node: Stanza): void {
    this.#requests.get(readJid(node.attrs.jid)?.user ?? '')?.finish?.({
      bundle: bytesOf(node, 'link_code_pairing_wrapped_key_bundle'),
      identity: bytesOf(node, 'companion_identity_public'),
    })
  }

  /** Enter the code on the phone. @throws {HttpError} 409 no client asked, 422 wrong code */
  async enter(phone: Phone, typed: string): Promise<Companion> {
    const request = this.#requests.get(phone.number)
    if (!request) throw new HttpError(409, `no client has asked for a pairing code for ${phone.number}`)
    const code = typed.replace(/[\s-]/g, '').toUpperCase()
    const theirs = await unwrap(request.wrapped, code)
    const ephemeral = Curve.generateKeyPair()
    const answered = this.#answer(request)
    request.connection.send(primaryHello(request.ref, await wrap(ephemeral, code), phone))
    const offer = open(await answered, Curve.sharedKey(ephemeral.private, theirs), phone)
    const companion = await this.#linking.link(phone, request.connection, offer)
    this.#requests.delete(phone.number)
    return companion
  }

  forget(connection: Connection): void {
    for (const [number, request] of this.#requests)
      if (request.connection === connection) this.#requests.delete(number)
  }

  #answer(request: Request): Promise<Finish> {
    return new Promise((resolve, reject) => {
      const late = new HttpError(422, 'the client did not answer; the code may be wrong')
      const timer = setTimeout(() => reject(late), ANSWER_TIME)
      request.finish = (answer) => {
        clearTimeout(timer)
        resolve(answer)
      }
    })
  }
}

/** Decrypt a public key: salt (32), IV (16), then the key under AES-CTR with a key stretched from the code. */
async function unwrap(wrapped: Buffer, code: string): Promise<Buffer> {
  const key = await derivePairingCodeKey(code, wrapped.subarray(0, 32))
  return aesDecryptCTR(wrapped.subarray(48, 80), key, wrapped.subarray(32, 48))
}

async function wrap(ephemeral: KeyPair, code: string): Promise<Buffer> {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const cipher = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(code, salt), iv)
  return Buffer.concat([salt, iv, cipher])
}

/** Open the client's bundle: identity (32), the phone's identity (32), random (32). */
function open({ bundle, identity }: Finish, shared: Buffer, phone: Phone): LinkOffer {
  const key = hkdf(shared, 32, {
    salt: bundle.subarray(0, 32),
    info: 'link_code_pairing_key_bundle_encryption_key',
  })
  const plain = decryptBundle(bundle, Buffer.from(key))
  const identities = Curve.sharedKey(phone.signal.identity.private, plain.subarray(0, 32))
  const secret = Buffer.concat([shared, identities, plain.subarray(64, 96)])
  return { identity, advSecret: Buffer.from(hkdf(secret, 32, { info: 'adv_secret' })) }
}

function decryptBundle(bundle: Buffer, key: Buffer): Buffer {
  try {
    return aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0))
  } catch {
    throw new HttpError(422, 'wrong pairing code')
  }
}

const primaryHello = (ref: string, wrapped: Buffer, phone: Phone): Stanza =>
  stanza(
    'notification',
    { from: SERVER, type: TAG, id: String(randomInt(1_000_000_000)), t: clock.stamp() },
    [
      stanza(TAG, { stage: 'primary_hello' }, [
        stanza('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapped),
        stanza('primary_identity_pub', {}, phone.signal.identity.public),
        stanza('link_code_pairing_ref', {}, Buffer.from(ref)),
      ]),
    ],
  )
