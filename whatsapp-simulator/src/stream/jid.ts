import { jidDecode, jidEncode } from 'baileys'

/** The only reader and writer of JIDs. A person is `number@s.whatsapp.net` and `lid@lid`, each with an optional device. */
export type Address = { user: string; server: string; device: number }

export const SERVER = '@s.whatsapp.net'
export const STATUS = 'status@broadcast'

export const numberJid = (number: string, device?: number): string =>
  jidEncode(number, 's.whatsapp.net', device)
export const lidJid = (lid: string, device?: number): string => jidEncode(lid, 'lid', device)
export const groupJid = (id: string): string => (id.endsWith('@g.us') ? id : `${id}@g.us`)

/** Split a JID; `undefined` when it is none. */
export function readJid(jid: string | undefined): Address | undefined {
  const parts = jidDecode(jid)
  return parts && { user: parts.user, server: parts.server, device: parts.device ?? 0 }
}

export const isGroup = (jid: string | undefined): boolean => readJid(jid)?.server === 'g.us'
export const isLid = (jid: string | undefined): boolean => readJid(jid)?.server === 'lid'

/** The same JID without its device. */
export function bareJid(jid: string): string {
  const parts = jidDecode(jid)
  return parts ? jidEncode(parts.user, parts.server) : jid
}
