import { clock } from '../clock.ts'
import { redact } from '../log.ts'

/** What follows when a connection has ended, and the situation in one sentence with what to do. */
export type CloseAction = {
  next: /** at once */
    | 'reconnect'
    | /** with growing waits */ 'backoff'
    | /** until a person acts */ 'stop'
    | /** identity is gone */ 'unlinked'
    | /** until a moment that WhatsApp names */ 'wait'
  message: string
  /** When to try again, Unix milliseconds. */
  until?: number
}

/** A login that WhatsApp refused: the attributes of its `<failure>`, and how often in a row it was tried before. */
export type Refusal = { attrs: Record<string, string>; attempts: number }

const STOPS: Record<number, CloseAction> = {
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
  406: {
    next: 'stop',
    message:
      'WhatsApp has locked this account out (406), as it does with banned ones. Open WhatsApp on the phone and see what ' +
      'it says; restart the bridge when it works again. The link to the phone is kept.',
  },
  409: {
    next: 'stop',
    message:
      'WhatsApp refuses what this bridge says it is (409, bad user agent). Update the bridge and restart it. The link to ' +
      'the phone is kept.',
  },
  411: {
    next: 'stop',
    message:
      'The phone does not support linked devices in this form (411). Update WhatsApp on the phone, then restart the bridge.',
  },
  415: {
    next: 'stop',
    message:
      'WhatsApp does not find this account or its link any more (415). Look on the phone under Settings, Linked devices: ' +
      'if this device is missing, restart the bridge and link it again.',
  },
  516: {
    next: 'stop',
    message:
      'WhatsApp has ended this link (516). Look on the phone under Settings, Linked devices; then restart the bridge, and ' +
      'link it again when it asks for that.',
  },
  440: {
    next: 'stop',
    message:
      'Another program has taken over this linked device (440). Only one may use it: stop the other one, then ' +
      'restart this bridge. It does not fight for the connection.',
  },
}

/** What the network says when there is no way to WhatsApp. */
const NO_WAY =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT/

/** Refusals of a login that are not explained by themselves are tried again so often. */
const MOST_REFUSALS = 5
const HOUR_MS = 3_600_000

/** Return what follows WhatsApp's close code. `linked`: a phone is linked; without one the QR code has expired. */
export function closeAction(
  code: number | undefined,
  linked: boolean,
  reason: string,
  refusal?: Refusal,
): CloseAction {
  if (code === 515) return { next: 'reconnect', message: 'WhatsApp asked for a restart of the connection.' }
  if (code === 402) return temporaryBan(refusal?.attrs ?? {})
  const detail = [code, redact(reason)].filter(Boolean).join(', ')
  if (NO_WAY.test(reason))
    return {
      next: 'backoff',
      message:
        `The servers cannot be reached (${redact(reason)}). Is this machine online, and may it reach web.whatsapp.com? ` +
        'Trying again by itself.',
    }
  const stop = code === undefined ? undefined : STOPS[code]
  if (stop && (linked || !ONLY_LINKED.has(code ?? 0))) return stop
  if (refusal && isRefusal(code) && refusal.attempts >= MOST_REFUSALS)
    return {
      next: 'stop',
      message:
        `WhatsApp refuses the login (${detail}), and went on to do so. See what WhatsApp says on the phone, update the ` +
        'bridge, and restart it. The link to the phone is kept.',
    }
  if (!linked)
    return {
      next: 'backoff',
      message: `No linking code at the moment (${detail}). Asking WhatsApp for a new one.`,
    }
  return { next: 'backoff', message: `The connection to WhatsApp was lost (${detail}). Trying again.` }
}

/** Codes that mean nothing for the link while there is none. */
const ONLY_LINKED = new Set([401, 411, 440, 516])

/** Return whether a code says that the same login will be refused again: neither a timeout nor too many tries. */
const isRefusal = (code = 0): boolean => code >= 400 && code < 500 && ![408, 428, 429].includes(code)

const BANS: Record<string, string> = {
  101: 'it has written to too many people who do not know its number',
  102: 'too many people have blocked it',
  103: 'it has made too many groups with people who do not know its number',
  104: 'it has sent the same message too often',
  106: 'it has written to too many people with a broadcast list',
}

/** Return how long a temporary ban lasts. `expire` is in seconds, from now or since 1970. */
function temporaryBan({ expire, code }: Record<string, string>): CloseAction {
  const seconds = Number(expire)
  const named = Number.isFinite(seconds) && seconds > 0
  const until = !named ? clock.now() + HOUR_MS : seconds > 1e9 ? seconds * 1000 : clock.now() + seconds * 1000
  const why = BANS[code ?? ''] ? `: ${BANS[code ?? '']}` : ''
  const when = new Date(until).toISOString().slice(0, 16).replace('T', ' ')
  return {
    next: 'wait',
    until,
    message:
      `WhatsApp has banned this number for a while (402)${why}. ` +
      (named
        ? `The ban ends at ${when} UTC; the bridge connects again then.`
        : `It does not say until when; the bridge tries again at ${when} UTC.`) +
      ' Trying earlier would make it longer.',
  }
}
