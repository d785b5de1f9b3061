import {
  type BinaryNode,
  cleanMessage,
  decodeMessageNode,
  proto,
  unpadRandomMax16,
  type WAMessage,
} from 'baileys'
import { clock } from '../clock.ts'
import type { AccountRows } from '../store/account-rows.ts'

/** The journal passes through Baileys as one more type of key, so that it is in the same commit as the ratchet. */
export const JOURNAL = 'inbound-journal'

/** One decrypted ciphertext: the stanza's attributes, its arrival number and the padded plaintext. */
export type JournalRow = { attrs: Record<string, string>; arrival: number; plain: Uint8Array }

/** This account's own JIDs. */
export type Me = { id: string; lid?: string | undefined }

const HOUR_MS = 3600 * 1000
const KEEP_MS = 14 * 24 * HOUR_MS
/** Rows of this size carry old history. */
const LARGE_BYTES = 64 * 1024

/** Store what WhatsApp has delivered until the spool has it. A row is written before WhatsApp gets its receipt. */
export class Journal {
  readonly #rows: AccountRows
  #arrivals: number

  constructor(rows: AccountRows) {
    this.#rows = rows
    const last = rows.get('select max(arrival) as last from journal where account = :account')?.last
    this.#arrivals = Math.max(clock.now() * 1000, Number(last ?? 0))
  }

  /** Return the next stanza's number in wire order; it keeps growing across restarts. */
  nextArrival(): number {
    this.#arrivals += 1
    return this.#arrivals
  }

  find(key: string): JournalRow | undefined {
    const row = this.#rows.get(
      'select arrival, attrs, plain from journal where account = :account and key = ?',
      key,
    )
    return row && asRow(row)
  }

  /** Write a row. Call inside the transaction that stores the ratchet. */
  write(key: string, row: JournalRow): void {
    this.#rows.run(
      'insert or ignore into journal(account, key, arrival, attrs, plain, at) values(:account, ?, ?, ?, ?, ?)',
      ...[key, row.arrival, JSON.stringify(row.attrs), row.plain, clock.now()],
    )
  }

  /** Return the oldest rows that are not in the spool yet. */
  pending(limit: number): { key: string; row: JournalRow }[] {
    const sql =
      'select key, arrival, attrs, plain from journal where account = :account and done = 0 order by arrival limit ?'
    return this.#rows.all(sql, limit).map((row) => ({ key: String(row.key), row: asRow(row) }))
  }

  /** Mark a row as done. Call inside the transaction that writes the spool. */
  markDone(key: string): void {
    this.#rows.run('update journal set done = 1 where account = :account and key = ?', key)
  }

  /** Delete rows that WhatsApp will not deliver again, and large ones after an hour. */
  sweep(): void {
    const now = clock.now()
    this.#rows.run(
      'delete from journal where account = :account and done = 1 and (at < ? or (at < ? and length(plain) > ?))',
      ...[now - KEEP_MS, now - HOUR_MS, LARGE_BYTES],
    )
  }
}

/** Return the message that Baileys would have emitted for this row. @throws when its bytes are no message. */
export function restore(row: JournalRow, me: Me): WAMessage {
  const stanza: BinaryNode = { tag: 'message', attrs: row.attrs }
  const { fullMessage } = decodeMessageNode(stanza, me.id, me.lid ?? '')
  const content = proto.Message.decode(unpadRandomMax16(row.plain))
  fullMessage.message = content
  const own = content.deviceSentMessage
  if (own?.message) {
    const { messageContextInfo = null } = content
    fullMessage.message = { messageContextInfo, ...own.message }
    // only our own phone may say whose chat a copy belongs to
    if (fullMessage.key.fromMe && !row.attrs.recipient && own.destinationJid)
      fullMessage.key.remoteJid = own.destinationJid
  }
  cleanMessage(fullMessage, me.id, me.lid ?? '')
  return fullMessage
}

/** Return what a stanza says about its message, without any content. @throws when it is no message's. */
export function envelopeOf({ attrs }: BinaryNode, me: Me, id: string): WAMessage {
  const { fullMessage } = decodeMessageNode({ tag: 'message', attrs: { ...attrs, id } }, me.id, me.lid ?? '')
  cleanMessage(fullMessage, me.id, me.lid ?? '')
  return fullMessage
}

const asRow = (row: Record<string, unknown>): JournalRow => ({
  arrival: Number(row.arrival),
  attrs: JSON.parse(String(row.attrs)),
  plain: row.plain as Uint8Array,
})
