import { randomBytes } from 'node:crypto'
import type { proto } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone, Sent } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { arrive, learnPoll } from '../inbound/arrivals.ts'
import { faceOf } from '../inbound/face.ts'
import { Refusal } from '../refusal.ts'
import { isGroup, isLid, numberJid, STATUS } from '../stream/jid.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { World } from '../world.ts'
import { type Chat, compose, editMark, typeMark } from './composer.ts'
import type { Draft } from './draft.ts'

/** Ids as phones make them. */
export const newMessageId = (): string => `3A${randomBytes(9).toString('hex').toUpperCase()}`

type Letter = { id: string; sent: Sent; absent: boolean }

/** What phones send: encrypted for every linked device it concerns, shown on every phone. */
export class Post {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Sends a message; resolves with its id once it is on its way. */
  send(from: Phone, draft: Draft): Promise<string> {
    return from.inOrder(() =>
      draft.group === undefined ? this.#direct(from, draft) : this.#group(from, draft),
    )
  }

  /** Sends a protocol message (history, answers to requests) to one of the phone's own devices. */
  peer(from: Phone, to: Companion, message: proto.IMessage, id = newMessageId()): Promise<string> {
    return from.inOrder(async () => {
      const attrs = { ...this.#head(from, id), type: 'text', from: from.jid, category: 'peer' }
      from.remember(id, { message, chat: from.jid, attrs })
      await this.#toCompanion(from, to, { id, sent: { message, chat: from.jid, attrs }, absent: false })
      return id
    })
  }

  /** Sends a message again to the one device that could not read it. */
  resend(from: Phone, to: Companion, id: string, count: number): Promise<void> {
    return from.inOrder(async () => {
      const sent = from.recall(id)
      if (!sent) return
      const group = this.#world.groups.get(sent.chat)
      const key = group ? await from.signal.senderKey(group.id, from.own(group.lid)) : {}
      const message = { ...this.#copyFor(from, to, sent).message, ...key }
      const { type, ciphertext } = await from.signal.encrypt(to, message)
      const enc = stanza('enc', { v: '2', type, count: String(count) }, ciphertext)
      this.#deliver(from, to, { id, sent, absent: false }, [enc])
    })
  }

  async #direct(from: Phone, draft: Draft): Promise<string> {
    const to = this.#addressee(draft.to)
    const lid = draft.lid || isLid(draft.to)
    const chat: Chat = { jid: to.own(lid), group: false, lid, jidOf: (number) => this.#jidOf(number, lid) }
    const message = await compose(from, draft, chat, this.#world.media)
    const id = draft.id ?? newMessageId()
    const attrs = { ...this.#marks(from, draft, id), ...directAddress(from, draft, lid) }
    const letter = { id, sent: { message, chat: chat.jid, attrs }, absent: draft.absent }
    this.#note(from, letter)
    const devices = new Set([...to.companions.values(), ...from.companions.values()])
    for (const device of devices) await this.#toCompanion(from, device, letter)
    if (to !== from) await this.#local(from, to, letter, { chat: from.number, lid })
    return id
  }

  async #group(from: Phone, draft: Draft): Promise<string> {
    const group = this.#world.groups.get(draft.group)
    if (!group) throw new Refusal(404, `there is no group ${draft.group}`)
    if (!group.has(from)) throw new Refusal(409, `${from.number} is not a member of ${group.id}`)
    const chat: Chat = {
      jid: group.id,
      group: true,
      lid: group.lid,
      jidOf: (number) => this.#jidOf(number, group.lid),
    }
    const message = await compose(from, draft, chat, this.#world.media)
    const id = draft.id ?? newMessageId()
    const attrs = { ...this.#marks(from, draft, id), ...groupAddress(from, draft, group) }
    const letter = { id, sent: { message, chat: group.id, attrs }, absent: draft.absent }
    this.#note(from, letter)
    await this.#toMembers(from, group, letter)
    for (const member of group.members)
      if (member !== from) await this.#local(from, member, letter, { chat: group.id, lid: group.lid })
    return id
  }

  /** One ciphertext for all; a device that has not got the sender's key yet gets it in front. */
  async #toMembers(from: Phone, group: Group, letter: Letter): Promise<void> {
    const devices = group.members.flatMap((member) => [...member.companions.values()])
    if (devices.length === 0) return
    const { ciphertext, key } = await from.signal.encryptGroup(
      group.id,
      from.own(group.lid),
      letter.sent.message,
    )
    for (const device of devices) {
      const content = [stanza('enc', { v: '2', type: 'skmsg' }, ciphertext)]
      const holder = `${from.number}>${device.jid}`
      if (!group.keyHolders.has(holder)) {
        group.keyHolders.add(holder)
        const sealed = await from.signal.encrypt(device, key)
        content.unshift(stanza('enc', { v: '2', type: sealed.type }, sealed.ciphertext))
      }
      this.#deliver(from, device, letter, content)
    }
  }

  async #toCompanion(from: Phone, to: Companion, letter: Letter): Promise<void> {
    const { type, ciphertext } = await from.signal.encrypt(to, this.#copyFor(from, to, letter.sent).message)
    this.#deliver(from, to, letter, [stanza('enc', { v: '2', type }, ciphertext)])
  }

  /** What a device gets; of a direct message the sender's own devices get a copy that says where it went. */
  #copyFor(from: Phone, to: Companion, sent: Sent): Sent {
    const { message, chat, attrs } = sent
    const other = this.#world.registry.byJid(chat)
    if (to.number !== from.number || attrs.category === 'peer' || isGroup(chat) || !other) return sent
    const { sender_lid: _lid, sender_pn: _pn, participant: _participant, ...marks } = attrs
    const lid = isLid(chat)
    const recipient = { recipient: chat, [lid ? 'peer_recipient_pn' : 'peer_recipient_lid']: other.own(!lid) }
    const copy = { deviceSentMessage: { destinationJid: chat, message } }
    return { message: copy, chat, attrs: { ...marks, from: from.own(lid), ...recipient } }
  }

  #deliver(from: Phone, to: Companion, { id, sent, absent }: Letter, content: Stanza[]): void {
    const other = this.#world.registry.byJid(sent.chat)
    const chat = isGroup(sent.chat) ? sent.chat : (other?.number ?? sent.chat)
    const kind = faceOf(sent.message).kind
    const delivery = this.#world.ledger.open(from.number, `${to.number}:${to.device}`, { id, chat, kind })
    to.deliver(stanza('message', this.#copyFor(from, to, sent).attrs, absent ? [] : content), delivery)
  }

  #note(from: Phone, { id, sent }: Letter): void {
    from.remember(id, sent)
    learnPoll(from, from.number, id, sent.message)
  }

  /** On a phone it simply arrives: between phones nobody watches the wire. */
  async #local(
    from: Phone,
    to: Phone,
    { id, sent }: Letter,
    { chat, lid }: { chat: string; lid: boolean },
  ): Promise<void> {
    const facts = { id, from: from.number, device: 0, to: to.number, chat, fromMe: false }
    const addressing = lid ? 'lid' : 'pn'
    await arrive(to, { ...facts, encryption: 'local', addressing, message: sent.message }, this.#world)
    if (!to.settings.autoReceipt) return
    const where = chat === from.number ? to.number : chat
    const receipt = { id, from: to.number, device: 0, chat: where, at: clock.millis() }
    from.receipts.append({ ...receipt, type: 'delivery' })
    if (to.settings.autoRead) from.receipts.append({ ...receipt, type: 'read' })
  }

  #head(from: Phone, id: string): Record<string, string> {
    return { id, t: clock.stamp(), notify: from.settings.name }
  }

  #marks(from: Phone, { body, name, timestamp }: Draft, id: string): Record<string, string> {
    const edit = editMark(body)
    return {
      ...this.#head(from, id),
      type: typeMark(body),
      ...(edit && { edit }),
      ...(name !== undefined && { notify: name }),
      ...(timestamp !== undefined && { t: String(Math.floor(timestamp / 1000)) }),
    }
  }

  #addressee(to: string | undefined): Phone {
    const phone = to?.includes('@') ? this.#world.registry.byJid(to) : this.#world.registry.byNumber(to ?? '')
    if (!phone) throw new Refusal(404, `nobody has the address ${to}; create the phone first`)
    return phone
  }

  #jidOf(number: string, lid: boolean): string {
    return this.#world.registry.byNumber(number)?.own(lid) ?? numberJid(number)
  }
}

/** From whom a direct message comes, in the chosen addressing and, unless left out, in the other one too. */
function directAddress(from: Phone, { broadcast, altJid }: Draft, lid: boolean): Record<string, string> {
  const mode = { addressing_mode: lid ? 'lid' : 'pn' }
  if (broadcast) return { ...mode, from: STATUS, participant: from.own(lid) }
  return {
    ...mode,
    from: from.own(lid),
    ...(altJid && { [lid ? 'sender_pn' : 'sender_lid']: from.own(!lid) }),
  }
}

const groupAddress = (from: Phone, { altJid }: Draft, group: Group): Record<string, string> => ({
  from: group.id,
  participant: from.own(group.lid),
  addressing_mode: group.lid ? 'lid' : 'pn',
  ...(altJid && { [group.lid ? 'participant_pn' : 'participant_lid']: from.own(!group.lid) }),
})
