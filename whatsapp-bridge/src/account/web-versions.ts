import { DEFAULT_CONNECTION_CONFIG, fetchLatestWaWebVersion } from 'baileys'
import { clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { HealthAnswer } from '../contract.ts'
import type { Log } from '../log.ts'
import type { AccountRows } from '../store/account-rows.ts'

type Version = [number, number, number]
type Choice = { version: Version; from: NonNullable<HealthAnswer['webVersionFrom']> }
/** What is known about the current version: which it was, and since when it cannot be looked up. */
type Known = { version?: Version; at?: number; failingSince?: number | undefined }

const DAY_MS = 24 * 3_600_000
const CHECK_MS = DAY_MS / 4
const TOO_LONG_MS = 7 * DAY_MS
const FETCH_MS = 20_000
const BUNDLED = DEFAULT_CONNECTION_CONFIG.version as Version

/** Know which version of WhatsApp Web to name: WhatsApp refuses old ones. */
export class WebVersions {
  readonly #rows: AccountRows
  readonly #setting: Config['version']
  readonly #log: Log
  readonly #refused = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(rows: AccountRows, setting: Config['version'], log: Log) {
    this.#rows = rows
    this.#setting = setting
    this.#log = log
  }

  /** Look the current version up, now and then. */
  start(): void {
    if (this.#setting !== 'current') return
    const check = () => {
      if (clock.now() - (this.#known().at ?? 0) > DAY_MS) void this.refresh()
    }
    this.#timer = setInterval(check, CHECK_MS).unref()
    check()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Return the version for the next connection. */
  choose(): Choice {
    if (Array.isArray(this.#setting)) return { version: this.#setting, from: 'setting' }
    const choices: Choice[] = []
    if (this.#setting === 'current') {
      const [current, good] = [this.#known().version, this.#read<Version>('web_version_last_good')]
      if (current) choices.push({ version: current, from: 'current' })
      if (good && isNewer(good, BUNDLED)) choices.push({ version: good, from: 'last_good' })
    }
    const bundled: Choice = { version: BUNDLED, from: 'bundled' }
    return [...choices, bundled].find(({ version }) => !this.#refused.has(textOf(version))) ?? bundled
  }

  /** Keep the version of a connection that works. */
  onConnected({ version }: Choice): void {
    const before = this.#read<Version>('web_version_last_good')
    if (textOf(before ?? [0, 0, 0]) !== textOf(version)) this.#write('web_version_last_good', version)
  }

  /** Look for another version after one was refused. @returns whether there is one to try. */
  async onRefused({ version }: Choice): Promise<boolean> {
    this.#refused.add(textOf(version))
    if (this.#setting === 'current') await this.refresh()
    return !this.#refused.has(textOf(this.choose().version))
  }

  /** Ask WhatsApp for the current version; the next connection names it. */
  async refresh(): Promise<void> {
    const { version, isLatest } = await fetchLatestWaWebVersion({ signal: AbortSignal.timeout(FETCH_MS) })
    const found = version as Version
    if (isLatest && !isNewer(BUNDLED, found)) {
      this.#write('web_version_current', { version: found, at: clock.now() })
      return
    }
    this.#log.warn('the current version of WhatsApp Web could not be looked up')
    const known = this.#known()
    this.#write('web_version_current', { ...known, failingSince: known.failingSince ?? clock.now() })
  }

  /** Return in words that the version could not be kept current for too long. */
  problem(): string | undefined {
    const { failingSince } = this.#known()
    if (this.#setting !== 'current' || !failingSince || clock.now() - failingSince < TOO_LONG_MS)
      return undefined
    const since = new Date(failingSince).toISOString().slice(0, 10)
    return (
      `The current version of WhatsApp Web could not be looked up since ${since}; this one is ` +
      `${textOf(this.choose().version)}. If WhatsApp refuses it, update the bridge or set WHATSAPP_WEB_VERSION.`
    )
  }

  #known(): Known {
    return this.#read<Known>('web_version_current') ?? {}
  }

  #read<T>(name: string): T | undefined {
    const row = this.#rows.get('select value from facts where account = :account and name = ?', name)
    return row && (JSON.parse(String(row.value)) as T)
  }

  #write(name: string, value: unknown): void {
    try {
      this.#rows.run(
        'insert or replace into facts(account, name, value) values(:account, ?, ?)',
        ...[name, JSON.stringify(value)],
      )
    } catch {
      // it is looked up again
    }
  }
}

/** Return a version as people write it. */
export const textOf = (version: Version): string => version.join('.')

const isNewer = (one: Version, other: Version): boolean => {
  const index = one.findIndex((part, at) => part !== other[at])
  return index >= 0 && (one[index] ?? 0) > (other[index] ?? 0)
}

export type { Choice as WebVersion }
