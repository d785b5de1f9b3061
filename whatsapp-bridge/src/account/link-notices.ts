import { type BinaryNode, getBinaryNodeChild } from 'baileys'

/** What WhatsApp says while a phone is being linked, and Baileys does not understand. */
export type LinkNotice =
  | /** the secret in the QR code is void, a new one must be shown */ { kind: 'new_secret' }
  | /** the pairing code is void, a new one must be asked for */ { kind: 'new_code' }
  | /** linking cannot go on like this */ { kind: 'refused'; code?: number; message: string }

const PASSKEY =
  'WhatsApp asks for the passkey of this account before it links a device, and only WhatsApp’s own apps can give it. ' +
  'Link another number, or remove the passkey (on the phone: WhatsApp, Settings, Account, Passkeys) and start linking anew.'

/** Read a notification about linking; `undefined`: Baileys deals with it. */
export function readLinkNotice({ attrs, ...stanza }: BinaryNode): LinkNotice | undefined {
  const child = (tag: string) => getBinaryNodeChild({ attrs, ...stanza }, tag)
  switch (attrs.type) {
    case 'companion_reg_refresh':
      return { kind: 'new_secret' }
    case 'passkey_prologue_request':
    case 'crsc_continuation':
      return { kind: 'refused', message: PASSKEY }
    case 'link_code_companion_reg':
      return child('link_code_companion_reg')?.attrs.stage === 'refresh_code'
        ? { kind: 'new_code' }
        : undefined
    default:
      return undefined
  }
}

const REASONS: Record<number, string> = {
  400: 'check the country code and the digits of the number',
  401: 'it does not let this number link devices by code',
  403: 'it does not let this number link devices',
  404: 'this number has no WhatsApp account',
  429: 'too many codes were asked for; wait an hour',
  503: 'it is out of order; try again later',
}

/** Read the answer to a request for a pairing code; `undefined`: it was not refused. */
export function readRefusedCode(stanza: BinaryNode): LinkNotice | undefined {
  if (stanza.attrs.type !== 'error') return undefined
  const { code, text } = getBinaryNodeChild(stanza, 'error')?.attrs ?? {}
  const number = Number(code) || 0
  const why = REASONS[number] ?? (text || 'it gives no reason').slice(0, 80)
  return {
    kind: 'refused',
    ...(number ? { code: number } : {}),
    message:
      `WhatsApp refused a pairing code for this number (${code ?? 'no code'}): ${why}. ` +
      'Ask for a new code, or link by QR code (POST /link).',
  }
}
