import {
  type AuthenticationCreds,
  Curve,
  encodeBigEndian,
  encodeWAMessage,
  generateSignalPubKey,
  initAuthCreds,
  KEY_BUNDLE_TYPE,
  type KeyPair,
  type proto,
  proto as protocol,
  type SignalRepositoryWithLIDStore,
  unpadRandomMax16,
  xmppPreKey,
  xmppSignedPreKey,
} from 'baileys'
import { makeLibSignalRepository } from 'baileys/lib/Signal/libsignal.js'
import { quietLogger } from '../log.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { Companion, PublicKey } from './companion.ts'
import { memoryKeys } from './keys.ts'

export type Cipher = { type: 'pkmsg' | 'msg'; ciphertext: Uint8Array }
type Given = Parameters<SignalRepositoryWithLIDStore['injectE2ESession']>[0]['session']
/** What a session is started from; the one-time prekey may be missing. */
export type Session = Omit<Given, 'preKey'> & { preKey?: Given['preKey'] | undefined }

/**
 * The Signal end of a phone, built on Baileys' own repository: pairwise sessions with linked devices, and sender keys of
 * groups. Linked devices are always addressed by number here, whatever the stanza used.
 */
export class SignalEnd {
  readonly creds: AuthenticationCreds = initAuthCreds()
  readonly #keys = memoryKeys()
  readonly #repository: SignalRepositoryWithLIDStore
  #nextPreKey = 1

  constructor() {
    const auth = { creds: this.creds, keys: this.#keys }
    this.#repository = makeLibSignalRepository(auth, quietLogger, async () => [])
  }

  get identity(): KeyPair {
    return this.creds.signedIdentityKey
  }

  /** Encrypt for a linked device; starts a session from its prekeys when there is none. */
  async encrypt(to: Companion, message: proto.IMessage | Buffer): Promise<Cipher> {
    if (!(await this.#repository.validateSession(to.jid)).exists) await this.startSession(to)
    const data = Buffer.isBuffer(message) ? message : encodeWAMessage(message)
    return this.#repository.encryptMessage({ jid: to.jid, data })
  }

  async decrypt(from: Companion, cipher: Cipher): Promise<proto.Message> {
    const { type, ciphertext } = cipher
    const attempt = { jid: from.jid, ciphertext }
    const plain =
      type === 'msg'
        ? await this.#trySessionsApart({ ...attempt, type })
        : await this.#repository.decryptMessage({ ...attempt, type })
    return protocol.Message.decode(unpadRandomMax16(plain))
  }

  /** Encrypt for a group as `author`, with the sender key that members need to read it. */
  async encryptGroup(
    group: string,
    author: string,
    message: proto.IMessage,
  ): Promise<{ ciphertext: Uint8Array; key: proto.IMessage }> {
    const data = encodeWAMessage(message)
    const { ciphertext, senderKeyDistributionMessage } = await this.#repository.encryptGroupMessage({
      group,
      meId: author,
      data,
    })
    return { ciphertext, key: distribution(group, senderKeyDistributionMessage) }
  }

  /** Return this phone's current sender key of a group, for one member. */
  async senderKey(group: string, author: string): Promise<proto.IMessage> {
    return distribution(
      group,
      await this.#repository.getSenderKeyDistributionMessage({ group, meId: author }),
    )
  }

  async decryptGroup(group: string, author: string, ciphertext: Uint8Array): Promise<proto.Message> {
    const plain = await this.#repository.decryptGroupMessage({ group, authorJid: author, msg: ciphertext })
    return protocol.Message.decode(unpadRandomMax16(plain))
  }

  async learnSenderKey(author: string, item: proto.Message.ISenderKeyDistributionMessage): Promise<void> {
    await this.#repository.processSenderKeyDistributionMessage({ authorJid: author, item })
  }

  /** Start a new session, from what a retry receipt carries or from the device's prekeys at the server. */
  async startSession(to: Companion, session: Session = bundleOf(to)): Promise<void> {
    const { preKey, ...keys } = session
    await this.#repository.injectE2ESession({ jid: to.jid, session: preKey ? { ...keys, preKey } : keys })
  }

  /** Return the `<user>` of a prekey query for this phone: identity, signed prekey and a fresh one-time prekey. */
  async bundle(jid: string): Promise<Stanza> {
    return stanza('user', { jid }, [registration(this.creds.registrationId), ...(await this.#keyNodes())])
  }

  /** Return the `<registration>` and `<keys>` of a retry receipt. */
  async retryKeys(): Promise<Stanza[]> {
    return [registration(this.creds.registrationId), stanza('keys', {}, await this.#keyNodes())]
  }

  async #keyNodes(): Promise<Stanza[]> {
    const id = this.#nextPreKey++
    const preKey = Curve.generateKeyPair()
    await this.#keys.set({ 'pre-key': { [id]: preKey } })
    return [
      ...keyHead(this.identity.public),
      xmppSignedPreKey(this.creds.signedPreKey),
      xmppPreKey(preKey, id),
    ]
  }

  /**
   * libsignal 6.0.0 steps the ratchet of every session it tries before it checks the MAC, which ruins sessions that did
   * not fit; real phones do not. So it is offered one session at a time, and only the one that fits is kept.
   */
  #trySessionsApart(attempt: { jid: string; type: 'msg'; ciphertext: Uint8Array }): Promise<Uint8Array> {
    const address = this.#repository.jidToSignalProtocolAddress(attempt.jid)
    return this.#keys.transaction(async () => {
      const record = await this.#record(address)
      const sessions = Object.entries(record?._sessions ?? {}).sort(
        ([, a], [, b]) => b.indexInfo.used - a.indexInfo.used,
      )
      if (!record || sessions.length < 2) return this.#repository.decryptMessage(attempt)
      let failure: unknown
      for (const [id, session] of sessions) {
        await this.#keep(address, { ...record, _sessions: { [id]: session } })
        try {
          const plain = await this.#repository.decryptMessage(attempt)
          const stepped = await this.#record(address)
          await this.#keep(address, { ...record, _sessions: { ...record._sessions, ...stepped?._sessions } })
          return plain
        } catch (error) {
          failure = error
        }
      }
      throw failure // rolls back: no session was stepped
    }, attempt.jid)
  }

  async #record(address: string): Promise<SessionRecord | undefined> {
    const { [address]: record } = await this.#keys.get('session', [address])
    return record as SessionRecord | undefined
  }

  async #keep(address: string, record: SessionRecord): Promise<void> {
    await this.#keys.set({ session: { [address]: record as SessionRecord & Uint8Array } })
  }
}

/** A libsignal session record as Baileys stores it (its types say bytes). */
type SessionRecord = { _sessions: Record<string, { indexInfo: { used: number } }> }

const registration = (id: number): Stanza => stanza('registration', {}, encodeBigEndian(id))

const keyHead = (identity: Uint8Array): Stanza[] => [
  stanza('type', {}, KEY_BUNDLE_TYPE),
  stanza('identity', {}, identity),
]

const distribution = (groupId: string, key: Uint8Array): proto.IMessage => ({
  senderKeyDistributionMessage: { groupId, axolotlSenderKeyDistributionMessage: key },
})

function bundleOf(companion: Companion): Session {
  const { registrationId, identity, signedPreKey } = companion.bundle
  const preKey = companion.takePreKey()
  return {
    registrationId,
    identityKey: generateSignalPubKey(identity),
    signedPreKey: {
      keyId: signedPreKey.id,
      publicKey: generateSignalPubKey(signedPreKey.key),
      signature: signedPreKey.signature,
    },
    ...(preKey && { preKey: { keyId: preKey.id, publicKey: generateSignalPubKey(preKey.key) } }),
  }
}

/** Return the `<user>` of a prekey query for a linked device. */
export function companionBundle(companion: Companion, jid: string): Stanza {
  const { registrationId, identity, signedPreKey } = companion.bundle
  const preKey = companion.takePreKey()
  return stanza('user', { jid }, [
    registration(registrationId),
    ...keyHead(identity),
    stanza('skey', {}, [...publicKey(signedPreKey), stanza('signature', {}, signedPreKey.signature)]),
    ...(preKey ? [stanza('key', {}, publicKey(preKey))] : []),
  ])
}

const publicKey = ({ id, key }: PublicKey): Stanza[] => [
  stanza('id', {}, encodeBigEndian(id, 3)),
  stanza('value', {}, key),
]
