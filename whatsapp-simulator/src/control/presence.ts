import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone } from '../accounts/phone.ts'
import { HttpError } from '../http-error.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { WhatsApp } from '../whatsapp.ts'
import type { Fields } from './fields.ts'
import { digits, Lookup } from './lookup.ts'
import type { Call, Router } from './router.ts'

const STATES = ['composing', 'recording', 'paused', 'available', 'unavailable'] as const
const RECEIPTS = ['read', 'played', 'delivery'] as const

type Presence = (typeof STATES)[number]
/** The other side of a chat: one person, or the other members of a group. */
type Others = { phones: Phone[]; group: Group | undefined }

/** Add the routes of receipts and presence, both ways. */
export function presenceRoutes(router: Router, { state, receipts }: WhatsApp): void {
  const lookup = new Lookup(state)
  const phoneOf = (call: Call): Phone => lookup.phone(call.part('number'))

  router.add('GET', '/phones/:number/receipts', (call) =>
    phoneOf(call).receipts.wait(call.count('after'), call.waitMs()),
  )
  router.add('GET', '/phones/:number/presence', (call) =>
    phoneOf(call).presence.wait(call.count('after'), call.waitMs()),
  )

  router.add('POST', '/phones/:number/typing', (call) => {
    const phone = phoneOf(call)
    const body = call.body()
    const others = readOthers(body, phone, lookup)
    const state = body.oneOf('state', STATES)
    body.finish()
    const node = typingNode(phone, others.group, state)
    for (const companion of companionsOf(others)) companion.push(node)
    return { sent: state }
  })

  router.add('POST', '/phones/:number/read', (call) => {
    const phone = phoneOf(call)
    const body = call.body()
    const ids = readIds(body)
    const others = readOthers(body, phone, lookup)
    const author = body.maybeText('author')
    const type = body.maybeOneOf('type', RECEIPTS) ?? 'read'
    body.finish()
    const { group } = others
    const about = {
      type: type === 'delivery' ? undefined : type,
      chat: group?.id ?? phone.jid,
      lid: group?.lid ?? false,
    }
    const readers =
      author === undefined ? others.phones : others.phones.filter(({ number }) => number === digits(author))
    for (const one of readers) receipts.send(phone, one, ids, about)
    return { sent: ids.length }
  })
}

function readIds(body: Fields): string[] {
  const ids = body.has('id') ? [body.text('id')] : body.texts('ids')
  if (ids.length === 0) throw new HttpError(400, 'the body needs "id" or "ids"')
  return ids
}

function readOthers(body: Fields, phone: Phone, lookup: Lookup): Others {
  const id = body.maybeText('group')
  if (id === undefined) return { phones: [lookup.person(body.text('to'))], group: undefined }
  const group = lookup.group(id)
  return { phones: group.members.filter((member) => member !== phone), group }
}

const companionsOf = ({ phones }: Others): Companion[] =>
  phones.flatMap((phone) => [...phone.companions.values()])

/** Return the stanza of a presence: typing is `<chatstate>`, recording is typing with audio, being online is `<presence>`. */
function typingNode(phone: Phone, group: Group | undefined, state: Presence): Stanza {
  const sender = group ? { from: group.id, participant: phone.own(group.lid) } : { from: phone.jid }
  if (state === 'available' || state === 'unavailable') return stanza('presence', { ...sender, type: state })
  const media = state === 'recording' ? 'audio' : undefined
  return stanza('chatstate', sender, [stanza(state === 'paused' ? 'paused' : 'composing', { media })])
}
