import { randomBytes } from 'node:crypto'
import { proto, type WAMessage } from 'baileys'
import { clock } from '../clock.ts'
import type { AccountRows } from '../store/account-rows.ts'

const KEEP_MS = 60 * 24 * 3600 * 1000

/** Store what the download of received media needs: keys and addresses, no bytes. It outlives restarts. */
export class MediaStore {
  readonly #rows: AccountRows

  constructor(rows: AccountRows) {
    this.#rows = rows
  }

  /** Store a message with media. @returns an unguessable id. */
  add(message: WAMessage): string {
    const id = randomBytes(16).toString('hex')
    const bytes = proto.Message.encode(message.message ?? {}).finish()
    this.#rows.run(
      'insert into media(account, id, message, key, at) values(:account, ?, ?, ?, ?)',
      ...[id, bytes, JSON.stringify(message.key), clock.now()],
    )
    return id
  }

  find(id: string): WAMessage | undefined {
    const row = this.#rows.get('select message, key from media where account = :account and id = ?', id)
    return (
      row && { key: JSON.parse(String(row.key)), message: proto.Message.decode(row.message as Uint8Array) }
    )
  }

  /** Store the new address of media that the phone has uploaded again. */
  update(id: string, message: proto.IMessage): void {
    const bytes = proto.Message.encode(message).finish()
    this.#rows.run('update media set message = ? where account = :account and id = ?', bytes, id)
  }

  sweep(): void {
    this.#rows.run('delete from media where account = :account and at < ?', clock.now() - KEEP_MS)
  }
}
