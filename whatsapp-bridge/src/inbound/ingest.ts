import type { BinaryNode, proto, WAMessage } from 'baileys'
import type { AuthStore } from '../account/auth-store.ts'
import type { Deliverer } from '../agent/deliver.ts'
import type { Spool } from '../agent/spool.ts'
import { clock } from '../clock.ts'
import type { Counters } from '../counters.ts'
import { reasonOf } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { isIgnored } from '../jid.ts'
import { type Log, redact } from '../log.ts'
import type { AccountRows } from '../store/account-rows.ts'
import { type Journal, type JournalRow, type Me, restore } from './journal.ts'
import type { MediaStore } from './media-store.ts'
import { type PendingEvent, type Translation, translate } from './translate.ts'

/** How long a retry may still bring an undecryptable message before the agent is told of it. */
const UNDECRYPTABLE_WAIT_MS = 120_000
const BATCH = 200
const KEEP_SEEN_MS = 45 * 24 * 3600 * 1000

type Dependencies = {
  rows: AccountRows
  journal: Journal
  spool: Spool
  deliverer: Deliverer
  media: MediaStore
  auth: AuthStore
  counters: Counters
  log: Log
}

/** The chats that got something in a transaction. */
type Chats = Set<string>

/** Move what WhatsApp delivered from the journal into the spool: one transaction, each message once. */
export class Ingest {
  readonly #rows: AccountRows
  readonly #journal: Journal
  readonly #spool: Spool
  readonly #deliverer: Deliverer
  readonly #media: MediaStore
  readonly #auth: AuthStore
  readonly #counters: Counters
  readonly #log: Log
  #scheduled = false

  constructor({ rows, journal, spool, deliverer, media, auth, counters, log }: Dependencies) {
    this.#rows = rows
    this.#journal = journal
    this.#spool = spool
    this.#deliverer = deliverer
    this.#media = media
    this.#auth = auth
    this.#counters = counters
    this.#log = log
  }

  /** Drain soon; many calls make one drain. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#reportFailure(() => this.drain())
    })
  }

  /** Put every pending journal row into the spool, as the event that it is for the agent. */
  drain(): void {
    const me = this.#me()
    if (!me) return
    let rows = this.#journal.pending(BATCH)
    while (rows.length) {
      // undone by a power loss, the journal rows are still there
      this.#commit('lazily', (chats) => {
        for (const { key, row } of rows) {
          const message = this.#read(
            () => restore(row, me),
            () => unreadable(keyFrom(row.attrs), Number(row.attrs.t)),
          )
          this.#ingest(message, row.attrs.offline !== undefined, me, chats)
          this.#journal.markDone(key)
        }
      })
      rows = this.#journal.pending(BATCH)
    }
  }

  /**
   * Take the messages that Baileys emits: group changes, missed calls, plaintext that the phone sent again, and what
   * could not be decrypted. Journaled messages come here too and are known by then.
   */
  accept(messages: WAMessage[]): void {
    const me = this.#me()
    if (!me) return
    this.drain()
    this.#commit('transaction', (chats) => {
      for (const message of messages) this.#ingest(message, false, me, chats)
    })
  }

  /** Tell the agent of messages that stayed undecryptable. */
  reportUndecryptable(now = clock.now()): void {
    const due = this.#rows.all(
      'select key, event from undecryptable where account = :account and due <= ?',
      now,
    )
    if (!due.length) return
    this.#commit('transaction', (chats) => {
      for (const { key, event } of due) {
        this.#rows.run('delete from undecryptable where account = :account and key = ?', String(key))
        if (!this.#known(String(key))) this.#add(JSON.parse(String(event)), undefined, chats)
      }
    })
  }

  sweep(): void {
    this.#journal.sweep()
    this.#media.sweep()
    this.#rows.run('delete from seen where account = :account and at < ?', clock.now() - KEEP_SEEN_MS)
  }

  /** Return the key of a received message, as its author's client knows it: for quotes, reactions and read receipts. */
  keyOf(id: string): proto.IMessageKey | undefined {
    const row = this.#rows.get(
      'select raw from seen where account = :account and id = ? order by at desc limit 1',
      id,
    )
    return row && JSON.parse(String(row.raw))
  }

  /** Count a message stanza. */
  count(stanza: BinaryNode): void {
    if (isIgnored(stanza.attrs.from ?? '')) this.#counters.add('ignored_status')
    else this.#counters.add('stanzas')
  }

  /** Return `fallback()` when `read()` throws: a message that cannot be read must not stop the next ones. */
  #read<T>(read: () => T, fallback: () => T): T {
    try {
      return read()
    } catch (error) {
      this.#counters.add('unreadable')
      this.#log.error(
        { reason: redact(reasonOf(error)) },
        'a message is unreadable; the agent learns only that it was there',
      )
      return fallback()
    }
  }

  #ingest(message: WAMessage, offline: boolean, me: Me, chats: Chats): void {
    const translation = this.#translate(message, me, offline)
    if ('ignored' in translation) {
      this.#counters.add(`ignored_${translation.ignored}`)
      return
    }
    const { event, key } = translation
    if (event.kind === 'undecryptable') {
      this.#holdUndecryptable(key, event)
      return
    }
    if (this.#known(key)) return
    this.#rows.run(
      'insert into seen(account, key, id, raw, at) values(:account, ?, ?, ?, ?)',
      ...[key, event.messageId, JSON.stringify(message.key), clock.now()],
    )
    const media = event.media && message.message ? this.#media.add(message) : undefined
    this.#add(event, media, chats)
    this.#counters.add('received')
  }

  #translate(message: WAMessage, me: Me, offline: boolean): Translation {
    const translation = this.#read(
      () => translate(message, me, this.#auth, offline),
      () => translate(unreadable(message.key, message.messageTimestamp), me, this.#auth, offline),
    )
    if ('event' in translation && translation.content === 'stub')
      translation.key += `|${translation.event.kind}`
    return translation
  }

  #holdUndecryptable(key: string, event: PendingEvent): void {
    this.#counters.add('undecryptable')
    const original = key.slice(0, -'|undecryptable'.length)
    if (this.#known(original)) return
    const notice = { ...event, messageId: `${event.messageId.slice(0, 114)}.undecryptable` }
    this.#rows.run(
      'insert or ignore into undecryptable(account, key, event, due) values(:account, ?, ?, ?)',
      ...[original, JSON.stringify(notice), clock.now() + UNDECRYPTABLE_WAIT_MS],
    )
  }

  #add(event: PendingEvent, media: string | undefined, chats: Chats): void {
    this.#spool.add(event, media)
    chats.add(event.from)
  }

  #commit(durability: 'lazily' | 'transaction', work: (chats: Chats) => void): void {
    const chats: Chats = new Set()
    failpoint('ingest.before_commit')
    this.#rows[durability](() => work(chats))
    failpoint('ingest.after_commit')
    for (const chat of chats) this.#deliverer.wake(chat)
  }

  #known(key: string): boolean {
    return this.#rows.get('select 1 from seen where account = :account and key = ?', key) !== undefined
  }

  #me(): Me | undefined {
    const { me } = this.#auth.creds
    return me && { id: me.id, lid: me.lid }
  }

  #reportFailure(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#auth.onFailure(error)
    }
  }
}

/** Return a stand-in for a message that cannot be read: a kind without content, so that it is not lost silently. */
function unreadable(key: proto.IMessageKey, at: WAMessage['messageTimestamp']): WAMessage {
  return {
    key: { ...key } as WAMessage['key'],
    messageTimestamp: at ?? 0,
    message: { unreadableMessage: {} } as proto.IMessage,
  }
}

const keyFrom = ({ from = '', participant, id = '' }: JournalRow['attrs']): proto.IMessageKey => ({
  remoteJid: from,
  id,
  ...(participant ? { participant } : {}),
})
