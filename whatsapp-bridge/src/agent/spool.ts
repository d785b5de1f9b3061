import { clock } from '../clock.ts'
import type { DeadLetter } from '../contract.ts'
import { failpoint } from '../failpoint.ts'
import type { PendingEvent } from '../inbound/translate.ts'
import type { AccountRows } from '../store/account-rows.ts'

/** An event on disk. `media` is the id of its entry in the media store. */
export type SpoolEntry = { seq: number; event: PendingEvent; media: string | undefined }

/** Store events until the agent has accepted them, and those that it rejected. */
export class Spool {
  readonly #rows: AccountRows

  constructor(rows: AccountRows) {
    this.#rows = rows
  }

  /** The number of events that wait for the agent. */
  get size(): number {
    return Number(this.#rows.get('select count(*) as n from spool where account = :account')?.n)
  }

  get deadLetterCount(): number {
    return Number(this.#rows.get('select count(*) as n from dead_letters where account = :account')?.n)
  }

  /** Add an event. Call inside the transaction that takes it from where it was; then wake its delivery. */
  add(event: PendingEvent, media?: string): void {
    this.#rows.run(
      'insert into spool(account, chat, event, media, at) values(:account, ?, ?, ?, ?)',
      ...[event.from, JSON.stringify(event), media ?? null, clock.now()],
    )
  }

  /** Return the chats with events, the longest waiting one first. */
  chats(): string[] {
    const sql = 'select chat from spool where account = :account group by chat order by min(seq)'
    return this.#rows.all(sql).map(({ chat }) => String(chat))
  }

  /** Return a chat's oldest event. */
  head(chat: string): SpoolEntry | undefined {
    const row = this.#rows.get(
      'select seq, event, media from spool where account = :account and chat = ? order by seq limit 1',
      chat,
    )
    if (!row) return undefined
    return {
      seq: Number(row.seq),
      event: JSON.parse(String(row.event)),
      media: row.media === null ? undefined : String(row.media),
    }
  }

  remove({ seq }: Pick<SpoolEntry, 'seq'>): void {
    this.#rows.run('delete from spool where account = :account and seq = ?', seq)
    failpoint('spool.after_remove')
  }

  /** Move an event to the dead letters. */
  reject({ seq, event }: SpoolEntry, status: number, reason: string): void {
    this.#rows.transaction(() => {
      this.#rows.run(
        'insert into dead_letters(account, seq, status, reason, at, event) values(:account, ?, ?, ?, ?, ?)',
        ...[seq, status, reason, clock.now(), JSON.stringify({ ...event, seq })],
      )
      this.#rows.run('delete from spool where account = :account and seq = ?', seq)
    })
  }

  deadLetters(): DeadLetter[] {
    const rows = this.#rows.all('select * from dead_letters where account = :account order by seq limit 1000')
    return rows.map((row) => ({
      seq: Number(row.seq),
      status: Number(row.status),
      reason: String(row.reason),
      at: Number(row.at),
      event: JSON.parse(String(row.event)),
    }))
  }
}
