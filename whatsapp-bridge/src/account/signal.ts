import { createHash } from 'node:crypto'
import {
  type BinaryNode,
  getBinaryNodeChildren,
  proto,
  type SignalKeyStoreWithTransaction,
  type SignalRepositoryWithLIDStore,
  type SocketConfig,
  unpadRandomMax16,
} from 'baileys'
import { makeLibSignalRepository } from 'baileys/lib/Signal/libsignal.js'
import { reasonOf } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { JOURNAL, type Journal, type JournalRow } from '../inbound/journal.ts'

/** Baileys closes its list of key types; ours and the session record need it open. */
type Keys = Omit<SignalKeyStoreWithTransaction, 'get' | 'set'> & {
  get<T>(type: string, ids: string[]): Promise<Record<string, T>>
  set(data: Record<string, Record<string, unknown>>): Promise<void>
}
type Session = { indexInfo: { used?: number } }
type SessionRecord = { _sessions: Record<string, Session> }
type Encrypted = Parameters<SignalRepositoryWithLIDStore['decryptMessage']>[0]

const KEY_IS_GONE = 'Key used already or never filled'

/** The hooks for one socket: `onMessage` takes each message stanza before Baileys decrypts it. */
export type DurableSignal = Pick<SocketConfig, 'makeSignalRepository'> & {
  onMessage(stanza: BinaryNode): void
}

/**
 * Make a Signal repository that writes each plaintext into the journal in the commit that steps the ratchet. Baileys
 * sends its receipt only after that, so what WhatsApp believes delivered is on our disk; and a ciphertext that comes
 * again after a crash is answered from the journal instead of failing on a used key.
 *
 * @param accountId JID under which Baileys' own sends lock the keys.
 * @param hooks `onCommit` is called after each commit that may have brought a journal row, `onLost` for a ciphertext
 *   whose key is gone: Baileys refuses it without asking for it again.
 */
export function durableSignal(
  journal: Journal,
  accountId: () => string | undefined,
  { onCommit, onLost }: { onCommit(): void; onLost(attrs: JournalRow['attrs']): void },
): DurableSignal {
  const origins = new WeakMap<Uint8Array, Omit<JournalRow, 'plain'>>()

  const onMessage = (stanza: BinaryNode): void => {
    const origin = { attrs: { ...stanza.attrs }, arrival: journal.nextArrival() }
    for (const { content } of getBinaryNodeChildren(stanza, 'enc'))
      if (content instanceof Uint8Array) origins.set(content, origin)
    // Baileys lets live messages overtake those that waited at WhatsApp: put all into its one offline queue
    stanza.attrs.offline ??= 'in order'
  }

  const makeSignalRepository: SocketConfig['makeSignalRepository'] = (auth, logger, pnToLid) => {
    const inner = makeLibSignalRepository(auth, logger, pnToLid)
    const keys = auth.keys as unknown as Keys
    // Baileys locks the account to send and the sender to receive: each would overwrite the other's ratchet.
    const exclusive = <T>(work: () => Promise<T>): Promise<T> =>
      keys.transaction(work, accountId() ?? 'unlinked')

    const journaled = async (cipher: Uint8Array, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> => {
      const plain = await exclusive(async () => {
        const origin = origins.get(cipher)
        if (!origin) return decrypt()
        const key = rowKey(origin.attrs, cipher)
        const known = (await keys.get<JournalRow>(JOURNAL, [key]))[key]
        if (known) return known.plain
        const fresh = await decrypt()
        await keys.set({ [JOURNAL]: { [key]: { ...origin, plain: fresh } } })
        failpoint('journal.before_commit')
        return fresh
      }).catch((error: unknown) => {
        const origin = origins.get(cipher)
        if (origin && reasonOf(error) === KEY_IS_GONE) onLost(origin.attrs)
        throw error
      })
      failpoint('journal.after_commit')
      onCommit()
      return !origins.has(cipher) || isMessage(plain) ? plain : NOTHING
    }

    return {
      ...inner,
      decryptMessage: (message) =>
        journaled(message.ciphertext, () =>
          message.type === 'msg' ? oneSessionAtATime(inner, keys, message) : inner.decryptMessage(message),
        ),
      decryptGroupMessage: (message) => journaled(message.msg, () => inner.decryptGroupMessage(message)),
      encryptMessage: (message) => exclusive(() => inner.encryptMessage(message)),
      injectE2ESession: (session) => exclusive(() => inner.injectE2ESession(session)),
      deleteSession: (jids) => exclusive(() => inner.deleteSession(jids)),
      migrateSession: (from, to) => exclusive(() => inner.migrateSession(from, to)),
    }
  }
  return { onMessage, makeSignalRepository }
}

/** A padded message without content. */
const NOTHING = Buffer.from([1])

/**
 * Return whether decrypted bytes are a message. Asking for others again, as Baileys does, brings the same bytes: the
 * journal has them, and tells that they came.
 */
function isMessage(plain: Uint8Array): boolean {
  try {
    proto.Message.decode(unpadRandomMax16(plain))
    return true
  } catch {
    return false
  }
}

/**
 * libsignal 6.0.0 steps the ratchet of every session that it tries before it checks the MAC, so a wrong guess spoils
 * a good session. It therefore gets to see one session at a time, the most recently used first.
 */
async function oneSessionAtATime(
  inner: SignalRepositoryWithLIDStore,
  keys: Keys,
  message: Encrypted,
): Promise<Uint8Array> {
  const address = inner.jidToSignalProtocolAddress(message.jid)
  const load = async () => (await keys.get<SessionRecord>('session', [address]))[address]
  const save = (record: SessionRecord) => keys.set({ session: { [address]: record } })
  const record = await load()
  const sessions = Object.entries(record?._sessions ?? {}).sort(([, a], [, b]) => lastUse(b) - lastUse(a))
  if (!record || sessions.length < 2) return inner.decryptMessage(message)
  let failure: unknown
  for (const [id, session] of sessions) {
    await save({ ...record, _sessions: { [id]: session } })
    try {
      const plain = await inner.decryptMessage(message)
      await save({ ...record, _sessions: { ...record._sessions, ...(await load())?._sessions } })
      return plain
    } catch (error) {
      failure = error
    }
  }
  throw failure // the transaction rolls back: no session was stepped
}

const lastUse = (session: Session): number => session.indexInfo.used ?? 0

/** Return the journal key of a ciphertext: a group's first message is two ciphertexts under one id. */
const rowKey = (attrs: JournalRow['attrs'], cipher: Uint8Array): string =>
  [
    attrs.from,
    attrs.participant ?? '',
    attrs.id,
    createHash('sha256').update(cipher).digest('hex').slice(0, 16),
  ].join('|')
