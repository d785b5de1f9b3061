import { setTimeout as sleep } from 'node:timers/promises'
import { clock } from '../clock.ts'
import type { DeadLetter } from '../contract.ts'
import { failpoint } from '../failpoint.ts'
import type { PendingEvent } from '../inbound/translate.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import type { Outcome } from './webhook.ts'

/** An event on disk. `media` names its entry in the media table. */
export type Entry = { seq: number; event: PendingEvent; media: string | undefined }

type Deliver = (entry: Entry) => Promise<Outcome>
type Lane = { chat: string; failures: number; notBefore: number }

const CONCURRENCY = 8
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
const PROBE_MS = 30_000
/** After so many in a row a chat goes to the back, so that one busy chat does not starve the others. */
const TURN = 20

/**
 * Events on their way to the agent: on disk until it says 2xx, one at a time and in order within a chat, several
 * chats at once. A chat in problem waits alone; an agent that is away is asked by one chat only, with growing waits.
 */
export class Spool {
  readonly #database: Database
  readonly #deliver: Deliver
  readonly #log: Log
  readonly #waiting = new Map<string, Lane>()
  readonly #working = new Set<string>()
  #awayUntil = 0
  #awayFailures = 0
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #running = false
  #size = 0
  #dead = 0

  constructor(database: Database, deliver: Deliver, log: Log) {
    this.#database = database
    this.#deliver = deliver
    this.#log = log
    this.#size = this.#count('spool')
    this.#dead = this.#count('dead_letters')
  }

  get size(): number {
    return this.#size
  }

  get deadLetterCount(): number {
    return this.#dead
  }

  get problem(): string | undefined {
    return this.#problem
  }

  /** Adds an event. Call inside the transaction that takes it from where it was, then `wake`. */
  add(event: PendingEvent, media?: string): void {
    this.#database
      .prepare('insert into spool(chat, event, media, at) values(?, ?, ?, ?)')
      .run(event.from, JSON.stringify(event), media ?? null, clock.now())
  }

  /** Tells the spool that a chat has something new. Call after the commit. */
  wake(chat: string, added = 1): void {
    this.#size += added
    this.#enlist(chat)
    this.#pump()
  }

  start(): void {
    this.#running = true
    for (const { chat } of this.#database
      .prepare('select chat from spool group by chat order by min(seq)')
      .all())
      this.#enlist(String(chat))
    this.#pump()
  }

  /** Starts nothing new and waits for the deliveries under way. */
  async stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#timer)
    while (this.#working.size) await sleep(10)
  }

  deadLetters(): DeadLetter[] {
    const rows = this.#database.prepare('select * from dead_letters order by seq limit 1000').all()
    return rows.map((row) => ({
      seq: Number(row.seq),
      status: Number(row.status),
      reason: String(row.reason),
      at: Number(row.at),
      event: JSON.parse(String(row.event)),
    }))
  }

  #enlist(chat: string): void {
    if (!this.#waiting.has(chat)) this.#waiting.set(chat, { chat, failures: 0, notBefore: 0 })
  }

  #pump(): void {
    if (!this.#running) return
    clearTimeout(this.#timer)
    const now = clock.elapsed()
    const room = this.#awayFailures ? 1 : CONCURRENCY
    let next = Number.POSITIVE_INFINITY
    for (const lane of this.#waiting.values()) {
      if (this.#working.size >= room) return // whoever finishes pumps again
      if (this.#working.has(lane.chat)) continue
      const due = Math.max(lane.notBefore, this.#awayUntil)
      if (due <= now) this.#begin(lane)
      else next = Math.min(next, due)
    }
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.#pump(), next - now + 1)
  }

  #begin(lane: Lane): void {
    this.#waiting.delete(lane.chat)
    this.#working.add(lane.chat)
    void this.#work(lane)
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'the spool failed; trying again')
        this.#backOff(lane)
        return true
      })
      .then((more) => {
        this.#working.delete(lane.chat)
        if (more) this.#line(lane)
        this.#pump()
      })
  }

  /** Delivers one turn of a chat. @returns whether the chat has more to do. */
  async #work(lane: Lane): Promise<boolean> {
    for (let turn = 0; turn < TURN && this.#running; turn += 1) {
      const entry = this.#head(lane.chat)
      if (!entry) return false
      failpoint('spool.before_post')
      const outcome = await this.#deliver(entry)
      failpoint('spool.after_answer')
      if (!this.#settle(lane, entry, outcome)) break
    }
    return true
  }

  /** Puts a chat at the end of the line, with what we know of its problems. */
  #line(lane: Lane): void {
    this.#waiting.delete(lane.chat)
    this.#waiting.set(lane.chat, lane)
  }

  #head(chat: string): Entry | undefined {
    const row = this.#database
      .prepare('select seq, event, media from spool where chat = ? order by seq limit 1')
      .get(chat)
    if (!row) return undefined
    return {
      seq: Number(row.seq),
      event: JSON.parse(String(row.event)),
      media: row.media === null ? undefined : String(row.media),
    }
  }

  /** @returns whether the chat may go on at once. */
  #settle(lane: Lane, entry: Entry, outcome: Outcome): boolean {
    switch (outcome.kind) {
      case 'accepted':
        this.#remove(entry)
        break
      case 'rejected':
        this.#bury(entry, outcome.status, outcome.reason)
        break
      case 'busy':
        this.#backOff(lane, outcome.retryAfterMs)
        this.#log.warn(
          { status: outcome.status, seq: entry.seq },
          'the agent could not take an event; trying again',
        )
        return false
      case 'unreachable':
        this.#pause(
          `The agent cannot be reached: ${outcome.reason}. Events are kept and delivered later.`,
          outcome.retryAfterMs,
        )
        return false
      case 'forbidden':
        this.#pause(
          'The agent refuses the webhook secret (403): set the same WHATSAPP_WEBHOOK_SECRET for agent and bridge. ' +
            'Events are kept.',
          PROBE_MS * (0.8 + 0.4 * Math.random()),
        )
        return false
      default:
        outcome satisfies never
    }
    lane.failures = 0
    lane.notBefore = 0
    this.#recover()
    return true
  }

  #remove({ seq }: Entry): void {
    this.#database.prepare('delete from spool where seq = ?').run(seq)
    failpoint('spool.after_remove')
    this.#size -= 1
  }

  #bury({ seq, event }: Entry, status: number, reason: string): void {
    this.#database.transaction(() => {
      this.#database
        .prepare('insert into dead_letters(seq, status, reason, at, event) values(?, ?, ?, ?, ?)')
        .run(seq, status, reason, clock.now(), JSON.stringify({ ...event, seq }))
      this.#database.prepare('delete from spool where seq = ?').run(seq)
    })
    this.#size -= 1
    this.#dead += 1
    this.#log.error({ seq, status }, 'the agent refused an event for good; it is kept in GET /dead-letters')
  }

  #backOff(lane: Lane, afterMs?: number): void {
    lane.failures += 1
    lane.notBefore = clock.elapsed() + (afterMs ?? jitter(lane.failures))
  }

  #pause(problem: string, afterMs?: number): void {
    this.#awayFailures += 1
    this.#awayUntil = clock.elapsed() + (afterMs ?? jitter(this.#awayFailures))
    if (this.#problem !== problem) this.#log.error(problem)
    this.#problem = problem
  }

  #recover(): void {
    if (this.#awayFailures) this.#log.info('the agent takes events again')
    this.#awayFailures = 0
    this.#awayUntil = 0
    this.#problem = undefined
  }

  #count(table: 'spool' | 'dead_letters'): number {
    return Number(this.#database.prepare(`select count(*) as n from ${table}`).get()?.n)
  }
}

/** Full jitter: anything between nothing and the doubled wait. */
const jitter = (failures: number): number =>
  Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10))
