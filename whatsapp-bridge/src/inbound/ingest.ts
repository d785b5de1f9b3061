import { type BinaryNode, type proto, unpadRandomMax16, type WAMessage } from 'baileys'
import type { AuthStore } from '../account/auth-store.ts'
import type { Deliverer } from '../agent/deliver.ts'
import type { Spool } from '../agent/spool.ts'
import { clock } from '../clock.ts'
import type { Counters } from '../counters.ts'
import { reasonOf } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { isIgnored } from '../jid.ts'
import { type Log, redact } from '../log.ts'
import type { Outbox } from '../outbound/outbox.ts'
import type { AccountRows } from '../store/account-rows.ts'
import { Calls } from './calls.ts'
import { absentContent } from './content/absent.ts'
import type { Content } from './content/content.ts'
import { readChange, unreadChanges } from './content/notice.ts'
import { readContent } from './content/read.ts'
import { readUnknown } from './content/unknown.ts'
import { envelopeOf, type Journal, type JournalRow, type Me, restore } from './journal.ts'
import type { MediaStore } from './media-store.ts'
import { Secrets } from './secrets.ts'
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
  outbox: Outbox
  auth: AuthStore
  counters: Counters
  log: Log
}

/** A message, with what was read elsewhere than in its fields. */
type Arrival = { message: WAMessage; content: Content | undefined; offline: boolean }

/** The chats that got something in a transaction. */
type Chats = Set<string>

/** Move what WhatsApp delivered from the journal into the spool: one transaction, each message once. */
export class Ingest {
  readonly #rows: AccountRows
  readonly #journal: Journal
  readonly #spool: Spool
  readonly #deliverer: Deliverer
  readonly #media: MediaStore
  readonly #secrets: Secrets
  readonly #calls = new Calls()
  readonly #auth: AuthStore
  readonly #counters: Counters
  readonly #log: Log
  #scheduled = false

  constructor({ rows, journal, spool, deliverer, media, outbox, auth, counters, log }: Dependencies) {
    this.#rows = rows
    this.#journal = journal
    this.#spool = spool
    this.#deliverer = deliverer
    this.#media = media
    this.#secrets = new Secrets(rows, outbox, auth)
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
          const content = this.#contentOf(message, me, row.plain)
          this.#ingest({ message, content, offline: row.attrs.offline !== undefined }, me, chats)
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
      for (const message of messages) {
        const content = this.#contentOf(message, me)
        this.#ingest({ message, content, offline: false }, me, chats)
      }
    })
  }

  /**
   * Take a message stanza before Baileys does. One without a ciphertext that Baileys would drop becomes an event at
   * once: it names what the phone alone may show.
   */
  onMessage(stanza: BinaryNode): void {
    if (isIgnored(stanza.attrs.from ?? '')) {
      this.#counters.add('ignored_status')
      return
    }
    this.#counters.add('stanzas')
    const content = absentContent(stanza)
    if (content) this.#add([{ stanza, content, id: stanza.attrs.id ?? '' }])
  }

  /** Take the changes of a group that Baileys does not read. @returns whether there were some. */
  onGroupChange(stanza: BinaryNode): boolean {
    const { id = '' } = stanza.attrs
    const changes = unreadChanges(stanza).map((change, index) => ({
      stanza,
      content: readChange(change, this.#auth),
      id: index ? `${id}.${index}` : id,
    }))
    this.#add(changes)
    return changes.length > 0
  }

  /** Take a step of a call. @returns whether it makes a missed call that Baileys does not tell. */
  onCall(stanza: BinaryNode): boolean {
    const missed = this.#calls.onCall(stanza)
    if (missed) this.#add([{ stanza, ...missed }])
    return missed !== undefined
  }

  /** Take a stanza whose ciphertext can never be read: its key was used already. Known messages are no loss. */
  onLost(attrs: JournalRow['attrs']): void {
    this.#add([{ stanza: { tag: 'message', attrs }, content: { kind: 'undecryptable' }, id: attrs.id ?? '' }])
  }

  /** Add events that are read from stanzas; durable on return, before Baileys acknowledges them. */
  #add(notices: { stanza: BinaryNode; content: Content; id: string }[]): void {
    const me = this.#me()
    if (!me || !notices.length) return
    this.drain()
    this.#commit('transaction', (chats) => {
      for (const { stanza, content, id } of notices) {
        const message = this.#read(
          () => envelopeOf(stanza, me, id),
          () => ({ key: keyFrom({ ...stanza.attrs, id }), messageTimestamp: Number(stanza.attrs.t) || 0 }),
        )
        this.#ingest({ message, content, offline: stanza.attrs.offline !== undefined }, me, chats)
      }
    })
  }

  /** Return what only the bytes or another message's secret can tell; `undefined`: the message says it all. */
  #contentOf(message: WAMessage, me: Me, plain?: Uint8Array): Content | undefined {
    if (!message.message) return undefined
    return this.#read(
      () => {
        const opened = this.#secrets.open(message, me)
        if (opened || !plain || readContent(message.message ?? {})) return opened
        return readUnknown(unpadRandomMax16(plain))
      },
      () => undefined,
    )
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
        if (this.#known(String(key))) continue
        const notice: PendingEvent = JSON.parse(String(event))
        this.#spool.add(notice)
        chats.add(notice.from)
      }
    })
  }

  sweep(): void {
    this.#journal.sweep()
    this.#media.sweep()
    this.#secrets.sweep()
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

  #ingest(arrival: Arrival, me: Me, chats: Chats): void {
    const { message } = arrival
    const translation = this.#translate(arrival, me)
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
    this.#secrets.remember(message, event)
    const media = event.media && message.message ? this.#media.add(message) : undefined
    this.#spool.add(event, media)
    chats.add(event.from)
    this.#counters.add('received')
  }

  #translate({ message, content, offline }: Arrival, me: Me): Translation {
    const translation = this.#read(
      () => translate(message, me, this.#auth, offline, content),
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
