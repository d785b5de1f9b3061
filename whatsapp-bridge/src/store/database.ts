import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DataError, reasonOf } from '../errors.ts'

const VERSION = 1

const SCHEMA = `
create table kv(type text, id text, value text not null, primary key(type, id)) without rowid;
create table kv_unlinked(at integer, type text, id text, value text);
create table journal(
  key text primary key, arrival integer not null, attrs text not null, plain blob not null,
  done integer not null default 0, at integer not null) without rowid;
create index journal_open on journal(arrival) where done = 0;
create table seen(key text primary key, id text not null, raw text not null, at integer not null) without rowid;
create index seen_id on seen(id);
create table suspects(key text primary key, event text not null, due integer not null) without rowid;
create table spool(
  seq integer primary key autoincrement, chat text not null, event text not null, media text, at integer not null);
create index spool_chat on spool(chat, seq);
create table dead_letters(
  seq integer primary key, status integer not null, reason text not null, at integer not null, event text not null);
create table media(id text primary key, message blob not null, key text not null, at integer not null) without rowid;
create table outbox(
  id text primary key, key text unique, hash text not null, jid text not null, message blob not null,
  state text not null, code integer, timestamp integer, at integer not null) without rowid;
`

/** The bridge's one file: identity, journal, spool and sent messages, so that they can change together. */
export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** @throws {DataError} when the file is damaged; it is left exactly as it was. */
  constructor(directory: string) {
    const path = join(directory, 'bridge.db')
    if (!existsSync(path)) create(path)
    this.#db = openChecked(path)
    this.#db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000')
  }

  /** The same text is compiled once. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** Runs `work` in one transaction. Synchronous on purpose: nothing else can happen in between. */
  transaction<T>(work: () => T): T {
    this.#db.exec('begin immediate')
    try {
      const result = work()
      this.#db.exec('commit')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback')
      throw error
    }
  }

  /**
   * A transaction that does not wait for the disk: kill -9 cannot undo it, a power loss can. For what would then only be
   * done once more, such as forgetting a delivered event.
   */
  lazily<T>(work: () => T): T {
    this.#db.exec('pragma synchronous = normal')
    try {
      return this.transaction(work)
    } finally {
      this.#db.exec('pragma synchronous = full')
    }
  }

  close(): void {
    this.#db.close()
  }
}

/** Written aside and renamed: a `bridge.db` that is there is complete, so an empty one is damage, not a first start. */
function create(path: string): void {
  if (existsSync(`${path}-wal`)) throw damaged(path, 'the file is gone, but its write-ahead log is there')
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  const db = new DatabaseSync(draft)
  db.exec(`begin; ${SCHEMA} pragma user_version = ${VERSION}; commit`)
  db.close()
  renameSync(draft, path)
  const directory = openSync(dirname(path), 'r')
  fsyncSync(directory)
  closeSync(directory)
}

function openChecked(path: string): DatabaseSync {
  if (statSync(path).size === 0) throw damaged(path, 'the file is empty')
  let db: DatabaseSync | undefined
  let version: unknown
  try {
    db = new DatabaseSync(path, { timeout: 5000 })
    const verdict = db.prepare('pragma quick_check(1)').get()?.quick_check
    if (verdict !== 'ok') throw new Error(String(verdict))
    version = db.prepare('pragma user_version').get()?.user_version
    db.prepare('select count(*) from kv').get()
  } catch (error) {
    db?.close()
    throw damaged(path, reasonOf(error))
  }
  if (version === VERSION) return db
  db.close()
  throw new DataError(
    `${path} was written by another version of the bridge (${version}); this one reads ${VERSION}. Update the bridge.`,
  )
}

/** @returns the error that refuses a damaged file. */
export const damaged = (path: string, why: string): DataError =>
  new DataError(
    `The bridge's database ${path} is damaged: ${why}. Nothing was changed and no new WhatsApp identity was made. ` +
      `Restore ${path} from a backup. Without one: move the directory aside (mv ${dirname(path)} ${dirname(path)}.damaged), ` +
      'start the bridge again and link the phone anew.',
  )

/** Whether the disk, and not our own code, is to blame. */
export const isStorageError = (error: unknown): boolean =>
  (error as { code?: string } | undefined)?.code === 'ERR_SQLITE_ERROR'
