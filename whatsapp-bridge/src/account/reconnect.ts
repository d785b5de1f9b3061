import { redact } from '../log.ts'

/** What follows when a connection has ended, and the situation in one sentence with what to do. */
export type CloseAction = {
  next: /** at once */
    | 'reconnect'
    | /** with growing waits */ 'backoff'
    | /** until a person acts */ 'stop'
    | /** identity is gone */ 'unlinked'
  message: string
}

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

/** What the network says when there is no way to WhatsApp. */
const NO_WAY =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT/

/** Return what follows WhatsApp's close code. `linked`: a phone is linked; without one the QR code has expired. */
export function closeAction(code: number | undefined, linked: boolean, reason: string): CloseAction {
  if (code === 515) return { next: 'reconnect', message: 'WhatsApp asked for a restart of the connection.' }
  const detail = [code, redact(reason)].filter(Boolean).join(', ')
  if (NO_WAY.test(reason))
    return {
      next: 'backoff',
      message:
        `The servers cannot be reached (${redact(reason)}). Is this machine online, and may it reach web.whatsapp.com? ` +
        'Trying again by itself.',
    }
  if (!linked && code !== 403 && code !== 405)
    return {
      next: 'backoff',
      message: `No linking code at the moment (${detail}). Asking WhatsApp for a new one.`,
    }
  const stop = code === undefined ? undefined : STOPS[code]
  return (
    stop ?? { next: 'backoff', message: `The connection to WhatsApp was lost (${detail}). Trying again.` }
  )
}
