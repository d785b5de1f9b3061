import type { proto } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { log, reason } from '../log.ts'
import type { History } from '../outbound/history.ts'
import type { State } from '../state.ts'
import type { Connection } from '../stream/connection.ts'
import { bareJid, isGroup, isLid, readJid } from '../stream/jid.ts'
import { child, children, content, type Stanza, stanza } from '../stream/stanza.ts'
import { showMessage } from './display.ts'
import type { Arrival } from './mailbox.ts'
import type { Receipts } from './receipts.ts'
import type { Retry } from './retry.ts'

/** A message stanza of a linked device, with the ciphertext made for one receiver. */
type IncomingMessage = { node: Stanza; pairwise: Stanza | undefined; group: Group | undefined; lid: boolean }

/** A phone (device 0) or another linked device, and the ciphertext made for it alone. */
type Receiver = { phone: Phone; device: number; pairwise: Stanza | undefined }

/** Receive what linked devices send: the server acknowledges it, then every phone that it is for decrypts it. */
export class Inbound {
  readonly #state: State
  readonly #retry: Retry
  readonly #receipts: Receipts
  readonly #history: History

  constructor(state: State, retry: Retry, receipts: Receipts, history: History) {
    this.#state = state
    this.#retry = retry
    this.#receipts = receipts
    this.#history = history
  }

  async receive(connection: Connection, from: Companion, node: Stanza): Promise<void> {
    from.counters.messages += 1
    const { to = '', id } = node.attrs
    connection.send(stanza('ack', { class: 'message', id, from: to, t: clock.stamp() }))
    const group = this.#state.groups.get(isGroup(to) ? to : undefined)
    const lid = isGroup(to) ? node.attrs.addressing_mode === 'lid' : isLid(to)
    for (const { phone, device, pairwise } of this.#receivers(from, node, group)) {
      if (device === 0) await this.#accept(phone, from, { node, pairwise, group, lid })
      else this.#forward(phone, device, from, { node, pairwise, group, lid })
    }
  }

  /** Return the receivers, each with its ciphertext: one participant, the listed devices, all members, or the addressee. */
  #receivers(from: Companion, node: Stanza, group: Group | undefined): Receiver[] {
    const { to, participant } = node.attrs
    const own = child(node, 'enc')
    if (participant) return this.#receiver(participant, own)
    const listed = children(child(node, 'participants'), 'to').flatMap((one) =>
      this.#receiver(one.attrs.jid, child(one, 'enc')),
    )
    if (group) return [...listed, ...othersOf(group, from, listed)]
    return listed.length > 0 ? listed : this.#receiver(to, own)
  }

  #receiver(jid: string | undefined, pairwise: Stanza | undefined): Receiver[] {
    const phone = this.#state.registry.byJid(jid)
    return phone ? [{ phone, device: readJid(jid)?.device ?? 0, pairwise }] : []
  }

  /** Let a phone read it, or ask for it again. */
  #accept(phone: Phone, from: Companion, incoming: IncomingMessage): Promise<void> {
    return phone.inOrder(async () => {
      const arrival = this.#arrival(phone, from, incoming)
      try {
        const action = this.#state.faults.match('decrypt', { number: phone.number })
        if (action) throw new Error('undecryptable on command')
        const read = await this.#decrypt(phone, from, incoming)
        await this.#read(phone, from, { ...arrival, ...this.#destination(arrival, read) })
      } catch (error) {
        phone.mailbox.showUndecryptable({ ...arrival, error: reason(error) })
        await this.#retry.request(phone, from, incoming.node, incoming.lid)
      }
    })
  }

  async #decrypt(
    phone: Phone,
    from: Companion,
    { node, pairwise, group, lid }: IncomingMessage,
  ): Promise<proto.IMessage> {
    let message: proto.IMessage | undefined
    if (pairwise) {
      const type = pairwise.attrs.type === 'pkmsg' ? 'pkmsg' : 'msg'
      message = await phone.signal.decrypt(from, { type, ciphertext: content(pairwise) })
    }
    const author = lid ? from.lid : from.jid
    const key = message?.senderKeyDistributionMessage
    if (key) await phone.signal.learnSenderKey(author, key)
    const shared = children(node, 'enc').find((enc) => enc.attrs.type === 'skmsg')
    if (group && shared) return phone.signal.decryptGroup(group.id, author, content(shared))
    if (!message) throw new Error('there is no ciphertext for this phone')
    return message
  }

  #arrival(phone: Phone, from: Companion, { node, pairwise, group, lid }: IncomingMessage): Arrival {
    const own = phone.number === from.number
    const shared = group && children(node, 'enc').some((enc) => enc.attrs.type === 'skmsg')
    const encryption = shared ? 'skmsg' : pairwise?.attrs.type === 'pkmsg' ? 'pkmsg' : 'msg'
    return {
      id: node.attrs.id ?? '',
      from: from.number,
      device: from.device,
      to: group ? group.id : phone.number,
      chat: group ? group.id : from.number,
      fromMe: own,
      encryption,
      addressing: lid ? 'lid' : 'pn',
    }
  }

  /** Return where a message really went: a copy from the phone's own device says it. */
  #destination(
    arrival: Arrival,
    message: proto.IMessage,
  ): { message: proto.IMessage; to: string; chat: string } {
    const { deviceSentMessage } = message
    const { to, chat } = arrival
    if (!deviceSentMessage?.message) return { message, to, chat }
    const jid = deviceSentMessage.destinationJid ?? ''
    const number = this.#state.registry.byJid(jid)?.number ?? jid
    return { message: deviceSentMessage.message, to: number, chat: number }
  }

  async #read(phone: Phone, from: Companion, arrival: Arrival & { message: proto.IMessage }): Promise<void> {
    const request = arrival.message.protocolMessage?.peerDataOperationRequestMessage
    if (request && arrival.fromMe) {
      this.#answerLater(phone, from, arrival.id, request)
      return
    }
    await showMessage(phone, arrival, this.#state)
    if (arrival.fromMe) return
    const owner = this.#state.registry.byNumber(from.number)
    if (!owner) return
    const about = {
      chat: isGroup(arrival.chat) ? arrival.chat : bareJid(phone.jid),
      lid: arrival.addressing === 'lid',
    }
    if (phone.settings.autoReceipt)
      this.#receipts.send(phone, owner, [arrival.id], { ...about, type: undefined })
    if (phone.settings.autoRead) this.#receipts.send(phone, owner, [arrival.id], { ...about, type: 'read' })
  }

  /** Answer once the phone has finished with this message: the answer is a message of its own. */
  #answerLater(
    phone: Phone,
    from: Companion,
    id: string,
    request: proto.Message.IPeerDataOperationRequestMessage,
  ): void {
    void this.#history
      .onRequest(phone, from, id, request)
      .catch((error) => log('a request to a phone could not be answered', { reason: reason(error) }))
  }

  /** Forward ciphertext between linked devices, as the server does. */
  #forward(
    phone: Phone,
    device: number,
    from: Companion,
    { node, pairwise, group, lid }: IncomingMessage,
  ): void {
    const own = lid ? from.lid : from.jid
    const { to = '', id, type, edit } = node.attrs
    const sender = group
      ? { from: to, participant: own }
      : { from: own, recipient: phone.number === from.number ? to : undefined }
    const shared = children(node, 'enc').filter((enc) => enc.attrs.type === 'skmsg')
    const identity = child(node, 'device-identity')
    const enc = [...(pairwise ? [pairwise] : []), ...shared, ...(identity ? [identity] : [])]
    const notify = this.#state.registry.byNumber(from.number)?.settings.name
    const mode = { addressing_mode: lid ? 'lid' : 'pn' }
    phone.companions
      .get(device)
      ?.deliver(stanza('message', { ...sender, ...mode, id, type, edit, notify, t: clock.stamp() }, enc))
  }
}

/** Return the members' devices that no ciphertext was made for: they have the sender's key already. */
function othersOf(group: Group, from: Companion, listed: Receiver[]): Receiver[] {
  const known = new Set(listed.map(({ phone, device }) => `${phone.number}:${device}`))
  known.add(`${from.number}:${from.device}`)
  return group.members
    .flatMap((phone) =>
      [0, ...phone.companions.keys()].map((device) => ({ phone, device, pairwise: undefined })),
    )
    .filter(({ phone, device }) => !known.has(`${phone.number}:${device}`))
}
