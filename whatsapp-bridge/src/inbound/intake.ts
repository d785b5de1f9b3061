import type { BinaryNode, proto, WAMessage } from 'baileys'
import type { AuthStore } from '../account/auth-store.ts'
import type { Spool } from '../agent/spool.ts'
import { clock } from '../clock.ts'
import type { Counters } from '../counters.ts'
import { reasonOf } from '../errors.ts'
import { failpoint } from '../failpoint.ts'
import { isIgnored } from '../jid.ts'
import { type Log, scrub } from '../log.ts'
import type { Database } from '../store/database.ts'
import { type Draft, type Translation, translate } from './inbound.ts'
import { type Journal, type Me, type Row, restore } from './journal.ts'
import type { MediaStore } from './media-store.ts'

/** How long an undecryptable message may still arrive by a retry before the agent is told. */
const SUSPICION_MS = 120_000
const BATCH = 200
const KEEP_SEEN_MS = 45 * 24 * 3600 * 1000

type Woken = Map<string, number>

/** Moves what WhatsApp delivered from the journal into the spool: one transaction, each message once. */
export class Intake {
  readonly #database: Database
  readonly #journal: Journal
  readonly #spool: Spool
  readonly #media: MediaStore
  readonly #auth: AuthStore
  readonly #counters: Counters
  readonly #log: Log
  #scheduled = false

  constructor(parts: {
    database: Database
    journal: Journal
    spool: Spool
    media: MediaStore
    auth: AuthStore
    counters: Counters
    log: Log
  }) {
    this.#database = parts.database
    this.#journal = parts.journal
    this.#spool = parts.spool
    this.#media = parts.media
    this.#auth = parts.auth
    this.#counters = parts.counters
    this.#log = parts.log
  }

  /** Drains soon; many calls make one drain. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#safely(() => this.drain())
    })
  }

  /** Turns every open journal row into what it means for the agent. */
  drain(): void {
    const me = this.#me()
    if (!me) return
    let rows = this.#journal.open(BATCH)
    while (rows.length) {
      // undone by a power loss, the journal rows are still there
      this.#commit('lazily', (woken) => {
        for (const { key, row } of rows) {
          const message = this.#read(
            () => restore(row, me),
            () => unreadable(keyFrom(row.attrs), Number(row.attrs.t)),
          )
          this.#take(message, row.attrs.offline !== undefined, me, woken)
          this.#journal.settle(key)
        }
      })
      rows = this.#journal.open(BATCH)
    }
  }

  /**
   * What Baileys emits besides: notices, missed calls, plaintext that the phone sent again, and what it could not
   * decrypt. Journaled messages come here too and are known by then.
   */
  accept(messages: WAMessage[]): void {
    const me = this.#me()
    if (!me) return
    this.drain()
    this.#commit('transaction', (woken) => {
      for (const message of messages) this.#take(message, false, me, woken)
    })
  }

  /** Tells the agent of messages that stayed undecryptable. */
  settleSuspects(now = clock.now()): void {
    const due = this.#database.prepare('select key, event from suspects where due <= ?').all(now)
    if (!due.length) return
    this.#commit('transaction', (woken) => {
      for (const { key, event } of due) {
        this.#database.prepare('delete from suspects where key = ?').run(String(key))
        if (!this.#known(String(key))) this.#add(JSON.parse(String(event)), undefined, woken)
      }
    })
  }

  sweep(): void {
    this.#journal.sweep()
    this.#media.sweep()
    this.#database.prepare('delete from seen where at < ?').run(clock.now() - KEEP_SEEN_MS)
  }

  /** The key of a message that we received, as its author's client knows it: for quotes, reactions and read receipts. */
  keyOf(id: string): proto.IMessageKey | undefined {
    const row = this.#database.prepare('select raw from seen where id = ? order by at desc limit 1').get(id)
    return row && JSON.parse(String(row.raw))
  }

  /** Counts what will be ignored, straight from the wire. */
  count(stanza: BinaryNode): void {
    if (isIgnored(stanza.attrs.from ?? '')) this.#counters.add('ignored_status')
    else this.#counters.add('stanzas')
  }

  /** One message that cannot be read must not stop its neighbours. */
  #read<T>(read: () => T, otherwise: () => T): T {
    try {
      return read()
    } catch (error) {
      this.#counters.add('unreadable')
      this.#log.error(
        { reason: scrub(reasonOf(error)) },
        'a message is unreadable; the agent learns only that it was there',
      )
      return otherwise()
    }
  }

  #take(message: WAMessage, offline: boolean, me: Me, woken: Woken): void {
    const translation = this.#translate(message, me, offline)
    if ('ignored' in translation) {
      this.#counters.add(`ignored_${translation.ignored}`)
      return
    }
    const { event, key } = translation
    if (event.kind === 'undecryptable') {
      this.#suspect(key, event)
      return
    }
    if (this.#known(key)) return
    this.#database
      .prepare('insert into seen(key, id, raw, at) values(?, ?, ?, ?)')
      .run(key, event.messageId, JSON.stringify(message.key), clock.now())
    const media = event.media && message.message ? this.#media.keep(message) : undefined
    this.#add(event, media, woken)
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

  #suspect(key: string, event: Draft): void {
    this.#counters.add('undecryptable')
    const original = key.slice(0, -'|undecryptable'.length)
    if (this.#known(original)) return
    const notice = { ...event, messageId: `${event.messageId.slice(0, 114)}.undecryptable` }
    this.#database
      .prepare('insert or ignore into suspects(key, event, due) values(?, ?, ?)')
      .run(original, JSON.stringify(notice), clock.now() + SUSPICION_MS)
  }

  #add(event: Draft, media: string | undefined, woken: Woken): void {
    this.#spool.add(event, media)
    woken.set(event.from, (woken.get(event.from) ?? 0) + 1)
  }

  #commit(durability: 'lazily' | 'transaction', work: (woken: Woken) => void): void {
    const woken: Woken = new Map()
    failpoint('intake.before_commit')
    this.#database[durability](() => work(woken))
    failpoint('intake.after_commit')
    for (const [chat, added] of woken) this.#spool.wake(chat, added)
  }

  #known(key: string): boolean {
    return this.#database.prepare('select 1 from seen where key = ?').get(key) !== undefined
  }

  #me(): Me | undefined {
    const { me } = this.#auth.creds
    return me && { id: me.id, lid: me.lid }
  }

  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#auth.onFailure(error)
    }
  }
}

/** Stands for a message that cannot be read: a name without content, so that it is not lost in silence. */
function unreadable(key: proto.IMessageKey, at: WAMessage['messageTimestamp']): WAMessage {
  return {
    key: { ...key } as WAMessage['key'],
    messageTimestamp: at ?? 0,
    message: { unreadableMessage: {} } as proto.IMessage,
  }
}

const keyFrom = ({ from = '', participant, id = '' }: Row['attrs']): proto.IMessageKey => ({
  remoteJid: from,
  id,
  ...(participant ? { participant } : {}),
})
