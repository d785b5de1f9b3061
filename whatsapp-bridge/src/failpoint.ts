import { ConfigError } from './errors.ts'

/** Named points in the bridge's work: between two of them, at most one thing is made durable or visible. */
export const FAILPOINTS = [
  'journal.before_commit',
  'journal.after_commit',
  'ingest.before_commit',
  'ingest.after_commit',
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

export type Failpoint = (typeof FAILPOINTS)[number]

const SPEC = /^([\w.]+):(kill|raise|sleep=(\d+(?:\.\d+)?))(?:@([1-9]\d*))?$/

const armed = new Map<string, () => void>()

/** Trigger what was armed for this point; otherwise do nothing. */
export function failpoint(name: Failpoint): void {
  if (armed.size) armed.get(name)?.()
}

/**
 * Arm the failpoints of `BRIDGE_FAIL`: `name:kill`, `name:raise` or `name:sleep=2`, each optionally with `@n` for the
 * n-th pass alone. For crash tests only.
 *
 * @throws {ConfigError} for an entry that cannot be read.
 */
export function armFailpoints(specs: readonly string[]): void {
  for (const spec of specs) {
    const [, name = '', action = '', seconds, pass] = SPEC.exec(spec) ?? []
    if (!FAILPOINTS.some((known) => known === name))
      throw new ConfigError(
        `BRIDGE_FAIL: "${spec}" names no failpoint and action. For example: BRIDGE_FAIL=spool.after_answer:kill@3. ` +
          `The failpoints are: ${FAILPOINTS.join(', ')}.`,
      )
    armed.set(
      name,
      onPass(Number(pass), () => trigger(name, action, Number(seconds))),
    )
  }
}

function onPass(wanted: number, run: () => void): () => void {
  let pass = 0
  return () => {
    pass += 1
    if (!wanted || pass === wanted) run()
  }
}

function trigger(name: string, action: string, seconds: number): void {
  if (action === 'kill') process.kill(process.pid, 'SIGKILL')
  if (action === 'raise') throw new Error(`failpoint ${name}`)
  // blocks the whole process; for `kill`, because a signal to oneself may arrive a moment later
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action === 'kill' ? 60_000 : seconds * 1000)
}
