import { scrub } from '../log.ts'

/** What to do after a connection ended. */
export type Verdict = {
  next: /** at once */
    | 'now'
    | /** with growing waits */ 'later'
    | /** until a person acts */ 'stop'
    | /** identity is gone */ 'unlinked'
  /** The situation in one sentence, with what to do. */
  message: string
}

const STOPS: Record<number, Verdict> = {
  401: {
    next: 'unlinked',
    message:
      'The phone has unlinked this device, or WhatsApp ended its link. Link it again: start the bridge anew or ' +
      'call POST /link, then scan the QR code (WhatsApp: Settings, Linked devices).',
  },
  403: {
    next: 'stop',
    message:
      'WhatsApp refuses this account (403): it may be banned or restricted. Open WhatsApp on the phone and see what ' +
      'it says; restart the bridge when it works again.',
  },
  405: {
    next: 'stop',
    message:
      'WhatsApp refuses this version of WhatsApp Web (405). Update the bridge, or set WHATSAPP_WEB_VERSION to a ' +
      'current one (such as 2.3000.1043857760), and restart. The link to the phone is kept.',
  },
  411: {
    next: 'stop',
    message:
      'The phone does not support linked devices in this form (411). Update WhatsApp on the phone, then restart the bridge.',
  },
  440: {
    next: 'stop',
    message:
      'Another program has taken over this linked device (440). Only one may use it: stop the other one, then ' +
      'restart this bridge. It does not fight for the connection.',
  },
}

/** Reads WhatsApp's close code. `linked`: a phone is linked; without one the QR code has merely run out. */
export function judge(code: number | undefined, linked: boolean, reason: string): Verdict {
  if (code === 515) return { next: 'now', message: 'WhatsApp asked for a restart of the connection.' }
  const detail = [code, scrub(reason)].filter(Boolean).join(', ')
  if (!linked && code !== 403 && code !== 405)
    return {
      next: 'later',
      message: `No linking code at the moment (${detail}). Asking WhatsApp for a new one.`,
    }
  const stop = code === undefined ? undefined : STOPS[code]
  return stop ?? { next: 'later', message: `The connection to WhatsApp was lost (${detail}). Trying again.` }
}

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000

/** Full jitter: anything between nothing and the doubled wait. */
export const waitBefore = (attempt: number): number =>
  Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10))
