import { createHash, randomBytes } from 'node:crypto'
import { proto } from 'baileys'
import { clock } from '../clock.ts'
import type { Database } from '../store/database.ts'

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
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  find(id: string): Sent | undefined {
    const row = this.#database.prepare('select * from outbox where id = ?').get(id)
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

  write(key: string | undefined, sent: Pick<Sent, 'id' | 'jid' | 'hash' | 'message'>): void {
    this.#database
      .prepare(
        `insert into outbox(id, key, hash, jid, message, state, at) values(?, ?, ?, ?, ?, 'sending', ?)`,
      )
      .run(
        sent.id,
        key ?? null,
        sent.hash,
        sent.jid,
        proto.Message.encode(sent.message).finish(),
        clock.now(),
      )
  }

  /** Store the server's answer. @returns whether it is the first one. */
  settle(
    id: string,
    state: 'acked' | 'refused',
    timestamp: number | undefined,
    code: number | undefined,
  ): boolean {
    const update = this.#database.prepare(
      `update outbox set state = ?, timestamp = ?, code = ? where id = ? and state = 'sending'`,
    )
    // undone by a power loss, the same key sends the same id again
    const changed = this.#database.lazily(() => update.run(state, timestamp ?? null, code ?? null, id))
    return Number(changed.changes) > 0
  }

  /** Return those of `ids` that this account sent. */
  known(ids: readonly string[]): string[] {
    const find = this.#database.prepare('select 1 from outbox where id = ?')
    return ids.filter((id) => find.get(id) !== undefined)
  }

  sweep(): void {
    this.#database.prepare('delete from outbox where at < ?').run(clock.now() - KEEP_MS)
  }
}
