import { randomBytes, randomInt } from 'node:crypto'
import { Curve, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX, WA_ADV_DEVICE_SIG_PREFIX } from 'baileys'
import { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import type { Connection } from '../stream/connection.ts'
import { SERVER } from '../stream/jid.ts'
import { bytesOf, child, type Stanza, stanza, uint } from '../stream/stanza.ts'

const QR_REFS = 6
/** How long a client may take to sign its device identity. */
const SIGNING_TIME = 10_000
const QR_PREFIX = 'https://wa.me/settings/linked_devices#'

/** What a client is linked with: its identity, and the secret that it shares with the phone alone. */
export type LinkOffer = { identity: Buffer; advSecret: Buffer }

type Pending = {
  companion: Companion
  details: Uint8Array
  accountKey: Uint8Array
  done: (error?: HttpError) => void
}

/** Link new devices: QR references, and the exchange of ADV signatures that QR and pairing code both end in. */
export class Linking {
  readonly #refs = new Map<string, Connection>()
  readonly #pending = new Map<Connection, { id: string } & Pending>()

  /** Send a client without an account the references that its QR codes are made of. */
  sendQrRefs(connection: Connection): void {
    const refs = Array.from({ length: QR_REFS }, () => randomBytes(16).toString('base64'))
    for (const ref of refs) this.#refs.set(ref, connection)
    const nodes = refs.map((ref) => stanza('ref', {}, Buffer.from(ref)))
    connection.send(request(newId(), stanza('pair-device', {}, nodes)))
  }

  /** Scan a QR code with a phone: `ref,noise key,identity,adv secret,…`. @throws {HttpError} when it fits no waiting client */
  async scan(phone: Phone, qr: string): Promise<Companion> {
    const [ref = '', noise = '', identity = '', advSecret = ''] = qr.replace(QR_PREFIX, '').split(',')
    const connection = this.#refs.get(ref)
    if (!connection)
      throw new HttpError(409, 'this QR belongs to no waiting client; it may have expired, show a new one')
    if (connection.clientKey?.toString('base64') !== noise)
      throw new HttpError(409, 'the Noise key in this QR is not the one of the client that shows it')
    return this.link(phone, connection, {
      identity: Buffer.from(identity, 'base64'),
      advSecret: Buffer.from(advSecret, 'base64'),
    })
  }

  /** Link a device and wait for its signature; then the client must reconnect (515). */
  async link(phone: Phone, connection: Connection, offer: LinkOffer): Promise<Companion> {
    const companion = companionOf(phone, connection, offer.identity)
    const { details, accountKey, sealed } = signIdentity(phone, companion.device, offer)
    const id = newId()
    const signed = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => done(new HttpError(422, 'the client did not accept the link in time')),
        SIGNING_TIME,
      )
      const done = (error?: HttpError): void => {
        clearTimeout(timer)
        this.#pending.delete(connection)
        if (error) reject(error)
        else resolve()
      }
      this.#pending.set(connection, { id, companion, details, accountKey, done })
    })
    connection.send(
      request(
        id,
        stanza('pair-success', {}, [
          stanza('device-identity', {}, sealed),
          stanza('device', { jid: companion.jid, lid: companion.lid }),
          stanza('platform', { name: 'android' }),
        ]),
      ),
    )
    await signed
    phone.companions.set(companion.device, companion)
    this.forget(connection)
    return companion
  }

  /** Process the client's answer to `pair-success`. @returns whether it was one. */
  onSigned(connection: Connection, node: Stanza): boolean {
    const pending = this.#pending.get(connection)
    if (!pending || pending.id !== node.attrs.id) return false
    const identity = bytesOf(child(node, 'pair-device-sign'), 'device-identity')
    const { details, deviceSignature } = proto.ADVSignedDeviceIdentity.decode(identity)
    const key = pending.companion.bundle.identity
    const message = Buffer.concat([
      WA_ADV_DEVICE_SIG_PREFIX,
      details ?? Buffer.alloc(0),
      key,
      pending.accountKey,
    ])
    const good = Curve.verify(key, message, deviceSignature ?? Buffer.alloc(64))
    pending.done(good ? undefined : new HttpError(422, 'the client signed its device identity wrongly'))
    return true
  }

  /** Invalidate the QR codes of a client that is gone, or linked. */
  forget(connection: Connection): void {
    for (const [ref, owner] of this.#refs) if (owner === connection) this.#refs.delete(ref)
    this.#pending.get(connection)?.done(new HttpError(422, 'the client hung up while it was being linked'))
  }
}

const newId = (): string => String(randomInt(1_000_000_000))

const request = (id: string, content: Stanza): Stanza =>
  stanza('iq', { from: SERVER, type: 'set', id, xmlns: 'md' }, [content])

function companionOf(phone: Phone, connection: Connection, identity: Buffer): Companion {
  const { registration, clientKey } = connection
  if (!registration || !clientKey) throw new HttpError(409, 'this client has not asked to be linked')
  const { eRegid, eSkeyId, eSkeyVal, eSkeySig } = registration
  const bytes = (value: Uint8Array | null | undefined): Buffer => Buffer.from(value ?? [])
  return new Companion(phone, phone.nextDevice(), clientKey, {
    registrationId: uint(bytes(eRegid)),
    identity,
    signedPreKey: { id: uint(bytes(eSkeyId)), key: bytes(eSkeyVal), signature: bytes(eSkeySig) },
  })
}

/** Sign the device with the account's key, sealed with the secret from the QR (see Baileys' `configureSuccessfulPairing`). */
function signIdentity(
  phone: Phone,
  device: number,
  { identity, advSecret }: LinkOffer,
): { details: Uint8Array; accountKey: Uint8Array; sealed: Uint8Array } {
  const { public: accountKey, private: secret } = phone.signal.identity
  const device_ = {
    rawId: randomInt(1_000_000_000),
    timestamp: clock.seconds(),
    keyIndex: device,
    accountType: 0,
    deviceType: 0,
  }
  const details = proto.ADVDeviceIdentity.encode(device_).finish()
  const accountSignature = Curve.sign(secret, Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identity]))
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: accountKey,
    accountSignature,
  }).finish()
  const sealed = { details: signed, hmac: hmacSign(signed, advSecret), accountType: 0 }
  return { details, accountKey, sealed: proto.ADVSignedDeviceIdentityHMAC.encode(sealed).finish() }
}
