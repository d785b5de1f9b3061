import { ConfigError } from './errors.ts'

/** Named seams of the bridge: between two of them, at most one thing is made durable or visible. */
export const SEAMS = [
  'journal.before_commit',
  'journal.after_commit',
  'intake.before_commit',
  'intake.after_commit',
  'spool.before_post',
  'spool.after_answer',
  'spool.after_remove',
  'send.before_write',
  'send.before_relay',
  'send.after_relay',
  'send.before_ack',
  'send.after_ack',
  'receipt.before_commit',
  'receipt.after_commit',
  'media.before_download',
  'media.after_download',
] as const

export type Seam = (typeof SEAMS)[number]

const ORDER = /^([\w.]+):(kill|raise|sleep=(\d+(?:\.\d+)?))(?:@([1-9]\d*))?$/

const armed = new Map<string, () => void>()

/** Does what was armed here; nothing, otherwise. */
export function failpoint(seam: Seam): void {
  if (armed.size) armed.get(seam)?.()
}

/**
 * Arms what `BRIDGE_FAIL` says, separated by commas: `seam:kill`, `seam:raise` or `seam:sleep=2`, each perhaps with
 * `@n` for the n-th passage alone. For crash tests only.
 *
 * @throws {ConfigError} for an order that cannot be read.
 */
export function armFailpoints(orders: readonly string[]): void {
  for (const order of orders) {
    const [, seam = '', act = '', seconds, passage] = ORDER.exec(order) ?? []
    if (!SEAMS.some((known) => known === seam))
      throw new ConfigError(
        `BRIDGE_FAIL: "${order}" is no order for a failpoint. For example: BRIDGE_FAIL=spool.after_answer:kill@3. ` +
          `The seams are: ${SEAMS.join(', ')}.`,
      )
    armed.set(
      seam,
      striking(() => strike(seam, act, Number(seconds)), Number(passage)),
    )
  }
}

function striking(act: () => void, wanted: number): () => void {
  let passage = 0
  return () => {
    passage += 1
    if (!wanted || passage === wanted) act()
  }
}

function strike(seam: string, act: string, seconds: number): void {
  if (act === 'kill') process.kill(process.pid, 'SIGKILL')
  if (act === 'raise') throw new Error(`failpoint ${seam}`)
  // The whole process stands still: for `kill`, because a signal to oneself may arrive a moment later.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, act === 'kill' ? 60_000 : seconds * 1000)
}
