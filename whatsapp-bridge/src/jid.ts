import {
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  isJidStatusBroadcast,
  jidDecode,
  jidEncode,
} from 'baileys'

/** One person's addresses; `id` is the phone JID when it is known. */
export type Identity = { id: string; aliases: string[] }

/** The known pairs of phone number and LID, by the user parts of their JIDs. */
export type LidMapping = {
  phoneOf(lidUser: string): string | undefined
  lidOf(phoneUser: string): string | undefined
}

const PHONE = 's.whatsapp.net'
const PHONE_SERVERS = new Set([PHONE, 'c.us', 'hosted'])
const LID_SERVERS = new Set(['lid', 'hosted.lid'])

/** Return a JID without device, agent or hosting: `4915…:3@s.whatsapp.net` → `4915…@s.whatsapp.net`. */
export function bareJid(jid: string | null | undefined): string | undefined {
  const decoded = jidDecode(jid ?? undefined)
  if (!decoded?.user) return undefined
  if (PHONE_SERVERS.has(decoded.server)) return `${decoded.user}@${PHONE}`
  if (LID_SERVERS.has(decoded.server)) return `${decoded.user}@lid`
  return jidEncode(decoded.user, decoded.server)
}

export const isGroup = (jid: string): boolean => isJidGroup(jid) === true
export const isLid = (jid: string): boolean => LID_SERVERS.has(jidDecode(jid)?.server ?? '')
export const isPhone = (jid: string): boolean => PHONE_SERVERS.has(jidDecode(jid)?.server ?? '')

/** Return whether it is a broadcast list; a message to one is a direct message of its author. */
export const isBroadcastList = (jid: string): boolean =>
  isJidBroadcast(jid) === true && isJidStatusBroadcast(jid) !== true

/** Return whether it is a status update or a channel: no message to this account. */
export const isIgnored = (jid: string): boolean =>
  isJidStatusBroadcast(jid) === true || isJidNewsletter(jid) === true

/**
 * Return all verified addresses of a person. `others` are the addresses that WhatsApp's server put beside `jid` in the
 * same stanza; what they do not say is looked up.
 */
export function resolveIdentity(
  jid: string,
  others: readonly (string | undefined)[],
  lidMapping: LidMapping,
): Identity {
  const known = [jid, ...others].flatMap((address) => bareJid(address) ?? [])
  const phone = known.find(isPhone) ?? lookUp(known.find(isLid), (user) => lidMapping.phoneOf(user), PHONE)
  const lid = known.find(isLid) ?? lookUp(phone, (user) => lidMapping.lidOf(user), 'lid')
  const id = phone ?? lid ?? known[0] ?? jid
  return {
    id,
    aliases: [...new Set([lid, ...known])].filter((other) => other !== undefined && other !== id) as string[],
  }
}

function lookUp(jid: string | undefined, find: (user: string) => string | undefined, server: string) {
  const user = jid && find(jidDecode(jid)?.user ?? '')
  return user ? `${user}@${server}` : undefined
}

/** Return the user part: the digits of a phone JID. */
export const userOf = (jid: string): string => jidDecode(jid)?.user ?? ''

export const phoneJid = (digits: string): string => `${digits}@${PHONE}`

/**
 * Parse an address: a JID, or a phone number in any usual spelling.
 *
 * @returns the JID, or a sentence that says what is wrong.
 */
export function parseAddress(text: string): { jid: string } | { problem: string } {
  return text.includes('@') ? parseJid(text) : parsePhoneNumber(text)
}

function parseJid(text: string): { jid: string } | { problem: string } {
  const jid = bareJid(text)
  if (jid && /^[1-9]\d{4,19}@(s\.whatsapp\.net|lid)$/.test(jid)) return { jid }
  if (jid && /^\d{5,24}(-\d{5,20})?@g\.us$/.test(jid)) return { jid }
  return { problem: 'This is no WhatsApp address. Use …@s.whatsapp.net, …@lid, …@g.us or a phone number.' }
}

/** Parse `+49 (151) 1234-5678`, `0049…` or `49…`. A number without its country code is ambiguous and refused. */
export function parsePhoneNumber(text: string): { jid: string; digits: string } | { problem: string } {
  const digits = text.replace(/[\s().\-/\u00a0\u2010-\u2015\u202f]/g, '').replace(/^(\+|00)/, '')
  if (/^[1-9]\d{6,14}$/.test(digits)) return { jid: phoneJid(digits), digits }
  return { problem: 'This is no phone number with its country code, such as +49 151 12345678.' }
}
