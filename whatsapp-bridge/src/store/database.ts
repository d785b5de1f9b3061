import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DataError, reasonOf } from '../errors.ts'
import { MIGRATIONS } from './migrations.ts'

const VERSION = MIGRATIONS.length

/** The bridge's one SQLite file: identity, journal, spool and sent messages, so that they can change together. */
export class Database {
  readonly path: string
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** @throws {DataError} when the file is damaged or of a later version; it is left exactly as it was. */
  constructor(directory: string) {
    this.path = join(directory, 'bridge.db')
    if (!existsSync(this.path)) create(this.path)
    this.#db = open(this.path)
    this.#db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000')
  }

  /** Compile a statement; the same text is compiled once. */
  prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** Run `work` in one transaction. It is synchronous, so nothing else can happen in between. */
  transaction<T>(work: () => T): T {
    return inTransaction(this.#db, work)
  }

  /**
   * Run a transaction that does not wait for the disk: kill -9 cannot undo it, a power loss can. For what would then only
   * be done once more, such as forgetting a delivered event.
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

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('begin immediate')
  try {
    const result = work()
    db.exec('commit')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}

/** Create the file under another name and rename it: a `bridge.db` that is there is complete, an empty one is damage. */
function create(path: string): void {
  if (existsSync(`${path}-wal`)) throw damaged(path, 'the file is gone, but its write-ahead log is there')
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  const db = new DatabaseSync(draft)
  migrate(db, 0)
  db.close()
  renameSync(draft, path)
  const directory = openSync(dirname(path), 'r')
  fsyncSync(directory)
  closeSync(directory)
}

function migrate(db: DatabaseSync, version: number): void {
  inTransaction(db, () => db.exec(`${MIGRATIONS.slice(version).join('')} pragma user_version = ${VERSION}`))
}

function open(path: string): DatabaseSync {
  if (statSync(path).size === 0) throw damaged(path, 'the file is empty')
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { timeout: 5000 })
    bringUpToDate(path, db)
    return db
  } catch (error) {
    db?.close()
    throw error instanceof DataError ? error : damaged(path, reasonOf(error))
  }
}

function bringUpToDate(path: string, db: DatabaseSync): void {
  const verdict = db.prepare('pragma quick_check(1)').get()?.quick_check
  if (verdict !== 'ok') throw new Error(String(verdict))
  const version = Number(db.prepare('pragma user_version').get()?.user_version)
  if (version > VERSION)
    throw new DataError(
      `${path} was written by a later version of the bridge (${version}); this one reads ${VERSION}. Update the bridge.`,
    )
  if (version < 1) throw new Error('it is no database of the bridge')
  if (version < VERSION) bringForward(path, db, version)
  db.prepare('select count(*) from auth').get()
}

function bringForward(path: string, db: DatabaseSync, version: number): void {
  try {
    migrate(db, version)
  } catch (error) {
    throw new DataError(
      `${path} is of version ${version} and cannot be brought to version ${VERSION}: ${reasonOf(error)}. Nothing was ` +
        'changed. Free disk space and start the bridge again, or restore the file from a backup.',
    )
  }
}

/** Return the error that refuses a damaged file. */
export const damaged = (path: string, why: string): DataError =>
  new DataError(
    `The bridge's database ${path} is damaged: ${why}. Nothing was changed and no new WhatsApp identity was made. ` +
      `Restore ${path} from a backup. Without one: move the directory aside (mv ${dirname(path)} ${dirname(path)}.damaged), ` +
      'start the bridge again and link the phone anew.',
  )

/** Return whether the disk, and not our own code, is to blame. */
export const isStorageError = (error: unknown): boolean =>
  (error as { code?: string } | undefined)?.code === 'ERR_SQLITE_ERROR'
