import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Database } from './database.ts'

/** The account of a bridge that has only one. */
export const DEFAULT_ACCOUNT = 'default'

type Row = Record<string, SQLOutputValue>

/** Read and write the rows of one account: every statement has to name `:account`, or SQLite refuses it. */
export class AccountRows {
  readonly #database: Database
  readonly #named: { account: string }

  constructor(database: Database, account = DEFAULT_ACCOUNT) {
    this.#database = database
    this.#named = { account }
  }

  /** The database's path, for error messages. */
  get path(): string {
    return this.#database.path
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#database.prepare(sql).get(this.#named, ...values)
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#database.prepare(sql).all(this.#named, ...values)
  }

  /** @returns the number of rows that were changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(this.#named, ...values).changes)
  }

  transaction<T>(work: () => T): T {
    return this.#database.transaction(work)
  }

  lazily<T>(work: () => T): T {
    return this.#database.lazily(work)
  }
}
