import { createHash, randomBytes } from 'node:crypto'
import { proto } from 'baileys'
import { clock } from '../clock.ts'
import type { AccountRows } from '../store/account-rows.ts'

export type SentState = 'sending' | 'acked' | 'refused'

/** A message that this account sends or has sent. */
export type Sent = {
  id: string
  jid: string
  hash: string
  message: proto.IMessage
  state: SentState
  /** WhatsApp's reason when it was refused. */
  code: number | undefined
  /** Time of WhatsApp's acknowledgement, Unix milliseconds. */
  timestamp: number | undefined
}

const KEEP_MS = 45 * 24 * 3600 * 1000
const PREFIX = '3EB0'
const DIGITS = 18

/**
 * Return the WhatsApp message id of an idempotency key. Part of the contract: the agent predicts it, so that it knows
 * which message a reaction means even when the answer of its send got lost.
 */
export const messageIdFor = (key: string): string =>
  PREFIX + createHash('sha256').update(key).digest('hex').slice(0, DIGITS).toUpperCase()

export const randomMessageId = (): string =>
  PREFIX +
  randomBytes(DIGITS / 2)
    .toString('hex')
    .toUpperCase()

/** Store sent messages, before they are sent: for repeated keys, for the phones' retry requests, for receipts. */
export class Outbox {
  readonly #rows: AccountRows

  constructor(rows: AccountRows) {
    this.#rows = rows
  }

  find(id: string): Sent | undefined {
    const row = this.#rows.get('select * from outbox where account = :account and id = ?', id)
    if (!row) return undefined
    return {
      id: String(row.id),
      jid: String(row.jid),
      hash: String(row.hash),
      message: proto.Message.decode(row.message as Uint8Array),
      state: row.state as SentState,
      code: row.code === null ? undefined : Number(row.code),
      timestamp: row.timestamp === null ? undefined : Number(row.timestamp),
    }
  }

  /** @param other a second address of the recipient, for when the first one is refused. */
  write(
    key: string | undefined,
    sent: Pick<Sent, 'id' | 'jid' | 'hash' | 'message'>,
    other?: string | undefined,
  ): void {
    const bytes = proto.Message.encode(sent.message).finish()
    this.#rows.run(
      `insert into outbox(account, id, key, hash, jid, message, state, at) values(:account, ?, ?, ?, ?, ?, 'sending', ?)`,
      ...[sent.id, key ?? null, sent.hash, sent.jid, bytes, clock.now()],
    )
    if (other)
      this.#rows.run('insert into other_addresses(account, id, jid) values(:account, ?, ?)', sent.id, other)
  }

  /** Go over to the recipient's other address, once. @returns it; `undefined` when there is none left. */
  redirect(id: string): string | undefined {
    return this.#rows.lazily(() => {
      const jid = this.#rows.get(
        'select jid from other_addresses where account = :account and id = ?',
        id,
      )?.jid
      if (typeof jid !== 'string') return undefined
      this.#rows.run('delete from other_addresses where account = :account and id = ?', id)
      const sql = `update outbox set jid = ? where account = :account and id = ? and state = 'sending'`
      return this.#rows.run(sql, jid, id) > 0 ? jid : undefined
    })
  }

  /** Store the server's answer. @returns whether it is the first one. */
  settle(
    id: string,
    state: 'acked' | 'refused',
    timestamp: number | undefined,
    code: number | undefined,
  ): boolean {
    const sql = `update outbox set state = ?, timestamp = ?, code = ?
                 where account = :account and id = ? and state = 'sending'`
    // undone by a power loss, the same key sends the same id again
    return this.#rows.lazily(() => this.#rows.run(sql, state, timestamp ?? null, code ?? null, id)) > 0
  }

  /** Return those of `ids` that this account sent. */
  known(ids: readonly string[]): string[] {
    return ids.filter((id) => this.#rows.get('select 1 from outbox where account = :account and id = ?', id))
  }

  sweep(): void {
    this.#rows.run('delete from outbox where account = :account and at < ?', clock.now() - KEEP_MS)
    this.#rows.run(
      `delete from other_addresses where account = :account and id not in
       (select id from outbox where account = :account and state = 'sending')`,
    )
  }
}
