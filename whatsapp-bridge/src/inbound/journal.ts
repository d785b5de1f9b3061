import {
  type BinaryNode,
  cleanMessage,
  decodeMessageNode,
  proto,
  unpadRandomMax16,
  type WAMessage,
} from 'baileys'
import { clock } from '../clock.ts'
import type { Database } from '../store/database.ts'

/** Travels through Baileys as one more type of key, so that it lands in the same commit as the ratchet. */
export const JOURNAL = 'inbound-journal'

/** One decrypted ciphertext: the stanza's attributes, the wire order and the padded plaintext. */
export type Row = { attrs: Record<string, string>; arrival: number; plain: Uint8Array }

/** Who this account is, as far as decoding needs it. */
export type Me = { id: string; lid?: string | undefined }

const HOUR_MS = 3600 * 1000
const KEEP_MS = 14 * 24 * HOUR_MS
/** Old history comes in rows of this size. */
const BULKY_BYTES = 64 * 1024

/** What WhatsApp has given us and the spool does not have yet. A row is written before WhatsApp gets its receipt. */
export class Journal {
  readonly #database: Database
  #arrivals: number

  constructor(database: Database) {
    this.#database = database
    const last = database.prepare('select max(arrival) as last from journal').get()?.last
    this.#arrivals = Math.max(clock.now() * 1000, Number(last ?? 0))
  }

  /** Numbers stanzas in wire order; keeps growing across restarts. */
  nextArrival(): number {
    this.#arrivals += 1
    return this.#arrivals
  }

  find(key: string): Row | undefined {
    const row = this.#database.prepare('select arrival, attrs, plain from journal where key = ?').get(key)
    return row && asRow(row)
  }

  /** Call inside the transaction that stores the ratchet. */
  write(key: string, row: Row): void {
    this.#database
      .prepare('insert or ignore into journal(key, arrival, attrs, plain, at) values(?, ?, ?, ?, ?)')
      .run(key, row.arrival, JSON.stringify(row.attrs), row.plain, clock.now())
  }

  /** The oldest rows that are not in the spool yet. */
  open(limit: number): { key: string; row: Row }[] {
    return this.#database
      .prepare('select key, arrival, attrs, plain from journal where done = 0 order by arrival limit ?')
      .all(limit)
      .map((row) => ({ key: String(row.key), row: asRow(row) }))
  }

  /** Call inside the transaction that writes the spool. */
  settle(key: string): void {
    this.#database.prepare('update journal set done = 1 where key = ?').run(key)
  }

  /** Forgets rows that WhatsApp will not deliver again, and bulky ones soon. */
  sweep(): void {
    const now = clock.now()
    this.#database
      .prepare('delete from journal where done = 1 and (at < ? or (at < ? and length(plain) > ?))')
      .run(now - KEEP_MS, now - HOUR_MS, BULKY_BYTES)
  }
}

/** The message that Baileys would have emitted for this row. @throws when its bytes are no message. */
export function restore(row: Row, me: Me): WAMessage {
  const stanza: BinaryNode = { tag: 'message', attrs: row.attrs }
  const { fullMessage } = decodeMessageNode(stanza, me.id, me.lid ?? '')
  const content = proto.Message.decode(unpadRandomMax16(row.plain))
  fullMessage.message = content
  const own = content.deviceSentMessage
  if (own?.message) {
    fullMessage.message = own.message
    // only our own phone may say whose chat a copy belongs to
    if (fullMessage.key.fromMe && !row.attrs.recipient && own.destinationJid)
      fullMessage.key.remoteJid = own.destinationJid
  }
  cleanMessage(fullMessage, me.id, me.lid ?? '')
  return fullMessage
}

const asRow = (row: Record<string, unknown>): Row => ({
  arrival: Number(row.arrival),
  attrs: JSON.parse(String(row.attrs)),
  plain: row.plain as Uint8Array,
})
