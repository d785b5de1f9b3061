import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '../backoff.ts'
import { clock } from '../clock.ts'
import { failpoint } from '../failpoint.ts'
import type { Log } from '../log.ts'
import type { Spool, SpoolEntry } from './spool.ts'
import type { Outcome } from './webhook.ts'

type Post = (entry: SpoolEntry) => Promise<Outcome>
type ChatQueue = { chat: string; failures: number; notBefore: number }

const CONCURRENCY = 8
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
const PROBE_MS = 30_000
/** After so many events in a row a chat goes to the back, so that one busy chat does not starve the others. */
const BATCH = 20

/**
 * Deliver the spool's events to the agent: one at a time and in order within a chat, several chats at once. A chat that
 * fails waits alone; an agent that is down is asked by one chat only, with growing waits.
 */
export class Deliverer {
  readonly #spool: Spool
  readonly #post: Post
  readonly #log: Log
  readonly #waiting = new Map<string, ChatQueue>()
  readonly #active = new Set<string>()
  #pausedUntil = 0
  #agentFailures = 0
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(spool: Spool, post: Post, log: Log) {
    this.#spool = spool
    this.#post = post
    this.#log = log
  }

  /** Why nothing is delivered, in a sentence; `undefined` while it is. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Deliver what a chat has. Call after the commit that added to the spool. */
  wake(chat: string): void {
    this.#enqueue(chat)
    this.#schedule()
  }

  start(): void {
    this.#running = true
    for (const chat of this.#spool.chats()) this.#enqueue(chat)
    this.#schedule()
  }

  /** Start nothing new, and wait for the running deliveries. */
  async stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#timer)
    while (this.#active.size) await sleep(10)
  }

  #enqueue(chat: string): void {
    if (!this.#waiting.has(chat)) this.#waiting.set(chat, { chat, failures: 0, notBefore: 0 })
  }

  /** Start what is due, and set a timer for the next chat that is not. */
  #schedule(): void {
    if (!this.#running) return
    clearTimeout(this.#timer)
    const now = clock.elapsed()
    const concurrency = this.#agentFailures ? 1 : CONCURRENCY
    let next = Number.POSITIVE_INFINITY
    for (const queue of this.#waiting.values()) {
      if (this.#active.size >= concurrency) return // whoever finishes schedules again
      if (this.#active.has(queue.chat)) continue
      const due = Math.max(queue.notBefore, this.#pausedUntil)
      if (due <= now) this.#start(queue)
      else next = Math.min(next, due)
    }
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.#schedule(), next - now + 1)
  }

  #start(queue: ChatQueue): void {
    this.#waiting.delete(queue.chat)
    this.#active.add(queue.chat)
    void this.#deliverBatch(queue)
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'the spool failed; trying again')
        this.#backOff(queue)
        return true
      })
      .then((more) => {
        this.#active.delete(queue.chat)
        if (more) this.#requeue(queue)
        this.#schedule()
      })
  }

  /** @returns whether the chat has more to deliver. */
  async #deliverBatch(queue: ChatQueue): Promise<boolean> {
    for (let count = 0; count < BATCH && this.#running; count += 1) {
      const entry = this.#spool.head(queue.chat)
      if (!entry) return false
      failpoint('spool.before_post')
      const outcome = await this.#post(entry)
      failpoint('spool.after_answer')
      if (!this.#settle(queue, entry, outcome)) break
    }
    return true
  }

  /** Put a chat at the end, with its failures. */
  #requeue(queue: ChatQueue): void {
    this.#waiting.delete(queue.chat)
    this.#waiting.set(queue.chat, queue)
  }

  /** @returns whether the chat may go on at once. */
  #settle(queue: ChatQueue, entry: SpoolEntry, outcome: Outcome): boolean {
    const { seq } = entry
    switch (outcome.kind) {
      case 'accepted':
        this.#spool.remove(entry)
        break
      case 'rejected':
        this.#spool.reject(entry, outcome.status, outcome.reason)
        this.#log.error(
          { seq, status: outcome.status },
          'the agent rejected an event; it is kept in GET /dead-letters',
        )
        break
      case 'busy':
        this.#backOff(queue, outcome.retryAfterMs)
        this.#log.warn({ seq, status: outcome.status }, 'the agent could not take an event; trying again')
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
    queue.failures = 0
    queue.notBefore = 0
    this.#resume()
    return true
  }

  #backOff(queue: ChatQueue, retryAfterMs?: number): void {
    queue.failures += 1
    queue.notBefore =
      clock.elapsed() + (retryAfterMs ?? backoffMs(queue.failures, FIRST_WAIT_MS, LONGEST_WAIT_MS))
  }

  #pause(problem: string, retryAfterMs?: number): void {
    this.#agentFailures += 1
    this.#pausedUntil =
      clock.elapsed() + (retryAfterMs ?? backoffMs(this.#agentFailures, FIRST_WAIT_MS, LONGEST_WAIT_MS))
    if (this.#problem !== problem) this.#log.error(problem)
    this.#problem = problem
  }

  #resume(): void {
    if (this.#agentFailures) this.#log.info('the agent takes events again')
    this.#agentFailures = 0
    this.#pausedUntil = 0
    this.#problem = undefined
  }
}
