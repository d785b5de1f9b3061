import { randomBytes } from 'node:crypto'
import { proto, type WAMessage } from 'baileys'
import { clock } from '../clock.ts'
import type { Database } from '../store/database.ts'

const KEEP_MS = 60 * 24 * 3600 * 1000

/** Store what the download of received media needs: keys and addresses, no bytes. It outlives restarts. */
export class MediaStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Store a message with media. @returns an unguessable id. */
  add(message: WAMessage): string {
    const id = randomBytes(16).toString('hex')
    this.#database
      .prepare('insert into media(id, message, key, at) values(?, ?, ?, ?)')
      .run(id, proto.Message.encode(message.message ?? {}).finish(), JSON.stringify(message.key), clock.now())
    return id
  }

  find(id: string): WAMessage | undefined {
    const row = this.#database.prepare('select message, key from media where id = ?').get(id)
    return (
      row && { key: JSON.parse(String(row.key)), message: proto.Message.decode(row.message as Uint8Array) }
    )
  }

  /** Store the new address of media that the phone has uploaded again. */
  update(id: string, message: proto.IMessage): void {
    this.#database
      .prepare('update media set message = ? where id = ?')
      .run(proto.Message.encode(message).finish(), id)
  }

  sweep(): void {
    this.#database.prepare('delete from media where at < ?').run(clock.now() - KEEP_MS)
  }
}
