import type { WASocket } from 'baileys'
import { HttpError } from '../errors.ts'
import { bareJid, isGroup, isLid, isPhone, type LidMapping, userOf } from '../jid.ts'

/** Where a message goes: an address that has devices, and the same person's other address, if it is known. */
export type Recipient = { jid: string; other?: string | undefined }

const QUERY_MS = 8000

/** Return a person's addresses, the one to use first: WhatsApp wants people addressed by their LID where it is known. */
export function addressesOf(jid: string, lidMapping: LidMapping): string[] {
  if (isGroup(jid)) return [jid]
  const user = userOf(jid)
  const lid = isPhone(jid) ? lidMapping.lidOf(user) : user
  const phone = isPhone(jid) ? user : lidMapping.phoneOf(user)
  return [lid && `${lid}@lid`, phone && `${phone}@s.whatsapp.net`].flatMap((each) => each || [])
}

/** Return the attributes that a message to this address needs. */
export function addressAttributes(jid: string, lidMapping: LidMapping): Record<string, string> {
  const phone = isLid(jid) ? lidMapping.phoneOf(userOf(jid)) : undefined
  return phone ? { peer_recipient_pn: `${phone}@s.whatsapp.net` } : {}
}

/**
 * Make sure that the recipient's devices are known before anything is sent: Baileys would otherwise send an empty
 * message, which nobody can read, and call it a success.
 *
 * @throws {HttpError} 422 not on WhatsApp, 503 nobody knows now.
 */
export async function findRecipient(
  socket: WASocket,
  jid: string,
  lidMapping: LidMapping,
): Promise<Recipient> {
  const me = [bareJid(socket.user?.id), bareJid(socket.user?.lid)]
  if (isGroup(jid)) return { jid }
  if (me.includes(jid)) return { jid, other: me.find((own) => own && own !== jid) }
  for (const address of addressesOf(jid, lidMapping)) {
    // a server that refuses the question for a LID may answer it for the number
    const there = await hasDevices(socket, address).catch((error: unknown) => {
      if (error instanceof HttpError) throw error
    })
    if (!there) continue
    return { jid: address, other: addressesOf(jid, lidMapping).find((each) => each !== address) }
  }
  if (!isPhone(jid)) throw devicesUnknown()
  return lookUp(socket, jid, lidMapping)
}

/** Ask WhatsApp under which address it knows a number. */
async function lookUp(socket: WASocket, jid: string, lidMapping: LidMapping): Promise<Recipient> {
  const found = await withinTime(socket.onWhatsApp(jid)).catch(() => undefined)
  if (!found) throw devicesUnknown()
  const address = bareJid(found.find(({ exists }) => exists)?.jid)
  if (!address)
    throw new HttpError(
      422,
      'unknown_recipient',
      'This number is not on WhatsApp. Check the country code and the digits.',
    )
  if (address === jid || !(await hasDevices(socket, address).catch(() => false))) throw devicesUnknown()
  return { jid: address, other: addressesOf(address, lidMapping).find((each) => each !== address) }
}

async function hasDevices(socket: WASocket, jid: string): Promise<boolean> {
  const own = bareJid(isPhone(jid) ? socket.user?.id : socket.user?.lid) ?? jid
  const devices = await withinTime(socket.getUSyncDevices([own, jid], true, false))
  if (!devices) throw devicesUnknown()
  return devices.some(({ user }) => user === userOf(jid))
}

/** Await a query; `undefined` when WhatsApp does not answer it. */
function withinTime<T>(query: Promise<T>): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), QUERY_MS)
  return Promise.race([query, promise]).finally(() => clearTimeout(timer))
}

const devicesUnknown = () =>
  new HttpError(
    503,
    'not_sent',
    'WhatsApp did not say to which devices this message must go. Nothing was sent; try again.',
    { retryAfter: 2 },
  )
