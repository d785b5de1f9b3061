import { randomBytes } from 'node:crypto'
import type { proto } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone, Sent } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import { rememberPoll, showMessage } from '../inbound/display.ts'
import { summarize } from '../inbound/summary.ts'
import type { State } from '../state.ts'
import { isGroup, isLid, numberJid, STATUS } from '../stream/jid.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import { type Chat, compose, editAttribute, typeAttribute } from './composer.ts'
import type { Draft } from './draft.ts'

/** Return a message id as phones make them. */
export const newMessageId = (): string => `3A${randomBytes(9).toString('hex').toUpperCase()}`

type OutgoingMessage = { id: string; sent: Sent; absent: boolean }

/** Send messages of phones: encrypted for every linked device that they are for, shown on every phone. */
export class Outbound {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  /** Send a message. @returns its id once it is on its way. */
  send(from: Phone, draft: Draft): Promise<string> {
    return from.inOrder(() =>
      draft.group === undefined ? this.#direct(from, draft) : this.#group(from, draft),
    )
  }

  /** Send a protocol message (history, answers to requests) to one of the phone's own devices. */
  peer(from: Phone, to: Companion, message: proto.IMessage, id = newMessageId()): Promise<string> {
    return from.inOrder(async () => {
      const attrs = { ...this.#baseAttributes(from, id), type: 'text', from: from.jid, category: 'peer' }
      from.rememberSent(id, { message, chat: from.jid, attrs })
      await this.#toCompanion(from, to, { id, sent: { message, chat: from.jid, attrs }, absent: false })
      return id
    })
  }

  /** Send a message again to the one device that could not read it. */
  resend(from: Phone, to: Companion, id: string, count: number): Promise<void> {
    return from.inOrder(async () => {
      const sent = from.findSent(id)
      if (!sent) return
      const group = this.#state.groups.get(sent.chat)
      const key = group ? await from.signal.senderKey(group.id, from.own(group.lid)) : {}
      const copy = this.#copyFor(from, to, sent)
      const { type, ciphertext } = await from.signal.encrypt(to, copy.bytes ?? { ...copy.message, ...key })
      const enc = stanza('enc', { v: '2', type, count: String(count) }, ciphertext)
      this.#deliver(from, to, { id, sent, absent: false }, [enc])
    })
  }

  async #direct(from: Phone, draft: Draft): Promise<string> {
    const to = this.#addressee(draft.to)
    const lid = draft.lid || isLid(draft.to)
    const chat: Chat = { jid: to.own(lid), group: false, lid, jidOf: (number) => this.#jidOf(number, lid) }
    const message = await compose(from, draft, chat, this.#state.media)
    const id = draft.id ?? newMessageId()
    const attrs = { ...this.#attributes(from, draft, id), ...directAddress(from, draft, lid) }
    const bytes = draft.body.kind === 'bytes' ? draft.body.bytes : undefined
    const outgoing = { id, sent: { message, chat: chat.jid, attrs, bytes }, absent: draft.absent }
    this.#remember(from, outgoing)
    const devices = new Set([...to.companions.values(), ...from.companions.values()])
    for (const device of devices) await this.#toCompanion(from, device, outgoing)
    if (to !== from) await this.#local(from, to, outgoing, { chat: from.number, lid })
    return id
  }

  async #group(from: Phone, draft: Draft): Promise<string> {
    const group = this.#state.groups.get(draft.group)
    if (!group) throw new HttpError(404, `there is no group ${draft.group}`)
    if (!group.has(from)) throw new HttpError(409, `${from.number} is not a member of ${group.id}`)
    const chat: Chat = {
      jid: group.id,
      group: true,
      lid: group.lid,
      jidOf: (number) => this.#jidOf(number, group.lid),
    }
    const message = await compose(from, draft, chat, this.#state.media)
    const id = draft.id ?? newMessageId()
    const attrs = { ...this.#attributes(from, draft, id), ...groupAddress(from, draft, group) }
    const outgoing = { id, sent: { message, chat: group.id, attrs }, absent: draft.absent }
    this.#remember(from, outgoing)
    await this.#toMembers(from, group, outgoing)
    for (const member of group.members)
      if (member !== from) await this.#local(from, member, outgoing, { chat: group.id, lid: group.lid })
    return id
  }

  /** Send one ciphertext to all; a device that does not have the sender's key yet gets it in front. */
  async #toMembers(from: Phone, group: Group, outgoing: OutgoingMessage): Promise<void> {
    const devices = group.members.flatMap((member) => [...member.companions.values()])
    if (devices.length === 0) return
    const { ciphertext, key } = await from.signal.encryptGroup(
      group.id,
      from.own(group.lid),
      outgoing.sent.message,
    )
    for (const device of devices) {
      const content = [stanza('enc', { v: '2', type: 'skmsg' }, ciphertext)]
      const holder = `${from.number}>${device.jid}`
      if (!group.keyHolders.has(holder)) {
        group.keyHolders.add(holder)
        const sealed = await from.signal.encrypt(device, key)
        content.unshift(stanza('enc', { v: '2', type: sealed.type }, sealed.ciphertext))
      }
      this.#deliver(from, device, outgoing, content)
    }
  }

  async #toCompanion(from: Phone, to: Companion, outgoing: OutgoingMessage): Promise<void> {
    const { message, bytes } = this.#copyFor(from, to, outgoing.sent)
    const { type, ciphertext } = await from.signal.encrypt(to, bytes ?? message)
    this.#deliver(from, to, outgoing, [stanza('enc', { v: '2', type }, ciphertext)])
  }

  /** Return what a device gets: the sender's own devices get a copy that says where a direct message went. */
  #copyFor(from: Phone, to: Companion, sent: Sent): Sent {
    const { message, chat, attrs } = sent
    const other = this.#state.registry.byJid(chat)
    if (to.number !== from.number || attrs.category === 'peer' || isGroup(chat) || !other) return sent
    const { sender_lid: _lid, sender_pn: _pn, participant: _participant, ...marks } = attrs
    const lid = isLid(chat)
    const recipient = { recipient: chat, [lid ? 'peer_recipient_pn' : 'peer_recipient_lid']: other.own(!lid) }
    const copy = { deviceSentMessage: { destinationJid: chat, message } }
    return { message: copy, chat, attrs: { ...marks, from: from.own(lid), ...recipient } }
  }

  #deliver(from: Phone, to: Companion, { id, sent, absent }: OutgoingMessage, content: Stanza[]): void {
    const other = this.#state.registry.byJid(sent.chat)
    const chat = isGroup(sent.chat) ? sent.chat : (other?.number ?? sent.chat)
    const kind = summarize(sent.message).kind
    const delivery = this.#state.ledger.open(from.number, `${to.number}:${to.device}`, { id, chat, kind })
    to.deliver(stanza('message', this.#copyFor(from, to, sent).attrs, absent ? [] : content), delivery)
  }

  #remember(from: Phone, { id, sent }: OutgoingMessage): void {
    from.rememberSent(id, sent)
    rememberPoll(from, from.number, id, sent.message)
  }

  /** Show a message on another phone; nothing is encrypted between phones. */
  async #local(
    from: Phone,
    to: Phone,
    { id, sent }: OutgoingMessage,
    { chat, lid }: { chat: string; lid: boolean },
  ): Promise<void> {
    const facts = { id, from: from.number, device: 0, to: to.number, chat, fromMe: false }
    const addressing = lid ? 'lid' : 'pn'
    await showMessage(to, { ...facts, encryption: 'local', addressing, message: sent.message }, this.#state)
    if (!to.settings.autoReceipt) return
    const where = chat === from.number ? to.number : chat
    const receipt = { id, from: to.number, device: 0, chat: where, at: clock.millis() }
    from.receipts.append({ ...receipt, type: 'delivery' })
    if (to.settings.autoRead) from.receipts.append({ ...receipt, type: 'read' })
  }

  #baseAttributes(from: Phone, id: string): Record<string, string> {
    return { id, t: clock.stamp(), notify: from.settings.name }
  }

  #attributes(from: Phone, { body, name, timestamp }: Draft, id: string): Record<string, string> {
    const edit = editAttribute(body)
    return {
      ...this.#baseAttributes(from, id),
      type: typeAttribute(body),
      ...(edit && { edit }),
      ...(name !== undefined && { notify: name }),
      ...(timestamp !== undefined && { t: String(Math.floor(timestamp / 1000)) }),
    }
  }

  #addressee(to: string | undefined): Phone {
    const phone = to?.includes('@') ? this.#state.registry.byJid(to) : this.#state.registry.byNumber(to ?? '')
    if (!phone) throw new HttpError(404, `nobody has the address ${to}; create the phone first`)
    return phone
  }

  #jidOf(number: string, lid: boolean): string {
    return this.#state.registry.byNumber(number)?.own(lid) ?? numberJid(number)
  }
}

/** Return the sender of a direct message, in the chosen addressing and, unless left out, in the other one too. */
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
