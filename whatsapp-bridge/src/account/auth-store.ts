import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalKeyStore,
} from 'baileys'
import { clock } from '../clock.ts'
import { JOURNAL, type Journal, type JournalRow } from '../inbound/journal.ts'
import type { AccountRows } from '../store/account-rows.ts'
import { damaged } from '../store/database.ts'
import { moveToLid } from './lid-move.ts'

/** The changes of one commit by Baileys: its own types of keys and ours. */
type Mutations = Record<string, Record<string, unknown> | undefined>

/** Store an account's identity and keys. Every change is one SQLite transaction, journal rows included. */
export class AuthStore {
  readonly #rows: AccountRows
  readonly #journal: Journal
  #state: AuthenticationState

  /** Called when a commit fails (disk full, I/O error); no receipt may go out after that. */
  onFailure: (error: unknown) => void = () => {}

  /** @throws {DataError} when the credentials are there but unreadable: never a new identity because of that. */
  constructor(rows: AccountRows, journal: Journal) {
    this.#rows = rows
    this.#journal = journal
    this.#state = { creds: this.#load(), keys: this.#keys() }
  }

  get state(): AuthenticationState {
    return this.#state
  }

  get creds(): AuthenticationCreds {
    return this.#state.creds
  }

  /** Whether a phone has signed this identity. */
  get linked(): boolean {
    return Boolean(this.creds.me && this.creds.account)
  }

  /** Whether a pairing code was requested and never entered: a login with this identity would be refused. */
  get pairingUnfinished(): boolean {
    return Boolean(this.creds.me && !this.creds.account)
  }

  save(): void {
    this.#commit({ creds: { me: this.creds } })
  }

  /** Start over with a new identity. The old one is kept until the next reset. */
  resetIdentity(): void {
    const fresh = initAuthCreds()
    const linked = this.linked
    this.#durably(() => {
      if (linked) {
        this.#rows.run('delete from auth_unlinked where account = :account')
        this.#rows.run(
          `insert into auth_unlinked(account, at, type, id, value)
           select account, ?, type, id, value from auth where account = :account`,
          clock.now(),
        )
      }
      this.#rows.run('delete from auth where account = :account')
      this.#write('creds', 'me', fresh)
    })
    this.#state = { creds: fresh, keys: this.#keys() }
  }

  phoneOf(lidUser: string): string | undefined {
    return this.#mapping(`${lidUser}_reverse`)
  }

  lidOf(phoneUser: string): string | undefined {
    return this.#mapping(phoneUser)
  }

  #mapping(id: string): string | undefined {
    const value = this.#read('lid-mapping', id)
    return typeof value === 'string' ? value : undefined
  }

  #load(): AuthenticationCreds {
    let stored: unknown
    try {
      stored = this.#read('creds', 'me')
    } catch {
      throw damaged(this.#rows.path, 'the WhatsApp credentials in it are unreadable')
    }
    if (stored !== undefined) {
      if (isCreds(stored)) return stored
      throw damaged(this.#rows.path, 'the WhatsApp credentials in it are incomplete')
    }
    const orphans = this.#rows.get('select count(*) as n from auth where account = :account')?.n
    if (orphans !== 0)
      throw damaged(this.#rows.path, 'it holds keys, but the WhatsApp credentials are missing')
    return initAuthCreds()
  }

  #keys(): SignalKeyStore {
    return {
      get: (type, ids) => {
        const found = ids.flatMap((id) => {
          const value = this.#read(type, id)
          return value === undefined ? [] : [[id, value]]
        })
        return Object.fromEntries(found)
      },
      set: (data: SignalDataSet) => this.#commit(data),
    }
  }

  #commit(mutations: Mutations): void {
    this.#durably(() => {
      for (const [type, values] of Object.entries(mutations))
        for (const [id, value] of Object.entries(values ?? {})) this.#write(type, id, value)
      this.#moveToLids(mutations['lid-mapping'] ?? {})
    })
  }

  #moveToLids(pairs: Record<string, unknown>): void {
    for (const [phone, lid] of Object.entries(pairs))
      if (typeof lid === 'string' && !phone.endsWith('_reverse')) moveToLid(this.#rows, phone, lid)
  }

  #durably(work: () => void): void {
    try {
      this.#rows.transaction(work)
    } catch (error) {
      this.onFailure(error)
      throw error
    }
  }

  #read(type: string, id: string): unknown {
    if (type === JOURNAL) return this.#journal.find(id)
    const row = this.#rows.get(
      'select value from auth where account = :account and type = ? and id = ?',
      type,
      id,
    )
    if (!row) return undefined
    const value: unknown = JSON.parse(String(row.value), BufferJSON.reviver)
    return type === 'app-state-sync-key' && value ? proto.Message.AppStateSyncKeyData.create(value) : value
  }

  #write(type: string, id: string, value: unknown): void {
    if (type === JOURNAL) this.#journal.write(id, value as JournalRow)
    else if (value === null || value === undefined)
      this.#rows.run('delete from auth where account = :account and type = ? and id = ?', type, id)
    else
      this.#rows.run(
        'insert or replace into auth(account, type, id, value) values(:account, ?, ?, ?)',
        ...[
          type,
          id,
          JSON.stringify(type === 'sender-key' ? readableSenderKey(value) : value, BufferJSON.replacer),
        ],
      )
  }
}

const isCreds = (value: unknown): value is AuthenticationCreds =>
  typeof value === 'object' &&
  value !== null &&
  ['noiseKey', 'signedIdentityKey', 'signedPreKey', 'registrationId', 'advSecretKey'].every(
    (name) => name in value,
  )

/**
 * Return a sender key in a form that can be read back: Baileys rc14 writes skipped message keys in a form that it
 * cannot parse, and keeps thousands of them in our own record, where nobody needs one.
 */
function readableSenderKey(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value
  const states = JSON.parse(Buffer.from(value).toString('utf8'))
  for (const state of states)
    if (state.senderSigningKey?.private?.data?.length > 0) state.senderMessageKeys = []
  return Buffer.from(JSON.stringify(states, BufferJSON.replacer))
}
