import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import type { MediaRetry } from '../media/retry.ts'
import type { State } from '../state.ts'
import type { Connection } from '../stream/connection.ts'
import { isGroup, isLid, readJid } from '../stream/jid.ts'
import { child, children, type Stanza, stanza } from '../stream/stanza.ts'
import type { Retry } from './retry.ts'

/** Types of receipts after which WhatsApp does not deliver the message again. */
const DELIVERED = new Set(['delivery', 'inactive', 'sender', 'peer_msg'])

/** Process receipts and acks, both ways. */
export class Receipts {
  readonly #state: State
  readonly #retry: Retry
  readonly #mediaRetry: MediaRetry

  constructor(state: State, retry: Retry, mediaRetry: MediaRetry) {
    this.#state = state
    this.#retry = retry
    this.#mediaRetry = mediaRetry
  }

  /** Process a linked device's receipt: settle what waited, tell the sender's phone, and acknowledge it. */
  async receive(connection: Connection, from: Companion, node: Stanza): Promise<void> {
    const type = node.attrs.type ?? 'delivery'
    const ids = idsOf(node)
    if (DELIVERED.has(type)) {
      from.counters.receipts += ids.length
      for (const id of ids) from.queue.settle({ tag: 'message', id, from: node.attrs.to })
    }
    this.#notifySender(from, node, type, ids)
    if (type === 'retry') await this.#retry.onReceipt(from, node)
    if (type === 'server-error') await this.#mediaRetry.onReceipt(from, node)
    const { id, to, participant } = node.attrs
    connection.send(stanza('ack', { class: 'receipt', id, from: to, participant, type: node.attrs.type }))
  }

  /** Process a linked device's ack: it has handled a stanza, or refuses it. */
  onAck(from: Companion, { attrs }: Stanza): void {
    const error = attrs.error === undefined ? undefined : Number(attrs.error)
    if (error === undefined) from.counters.acks += 1
    else from.counters.nacks += 1
    from.queue.settle({ tag: attrs.class ?? '', id: attrs.id ?? '', from: attrs.to, type: attrs.type, error })
  }

  /** Send a phone's receipt to linked devices: a message of theirs was delivered, read or played. */
  send(
    from: Phone,
    to: Phone,
    ids: string[],
    about: { type: string | undefined; chat: string; lid: boolean },
  ): void {
    const [id, ...more] = ids
    if (id === undefined) return
    const sender = isGroup(about.chat)
      ? { from: about.chat, participant: from.own(about.lid) }
      : { from: from.own(about.lid) }
    const list =
      more.length > 0
        ? [
            stanza(
              'list',
              {},
              more.map((one) => stanza('item', { id: one })),
            ),
          ]
        : undefined
    const node = stanza('receipt', { ...sender, id, type: about.type, t: clock.stamp() }, list)
    for (const companion of to.companions.values()) companion.deliver(node)
  }

  /** Pass a receipt to the sender's phone, and to the linked device that sent the message, if one did. */
  #notifySender(from: Companion, node: Stanza, type: string, ids: string[]): void {
    const { to, participant } = node.attrs
    const sender = this.#state.registry.byJid(isGroup(to) ? participant : to)
    const chat = isGroup(to) ? (to ?? '') : from.number
    for (const id of ids)
      sender?.receipts.append({ id, type, from: from.number, device: from.device, chat, at: clock.millis() })
    if (!sender || sender.number === from.number) return
    const device = readJid(isGroup(to) ? participant : to)?.device
    for (const companion of sender.companions.values()) {
      if (device && companion.device !== device) continue
      companion.deliver(forwarded(from, node))
    }
  }
}

/** Return the same receipt as the other side sees it. */
function forwarded(from: Companion, node: Stanza): Stanza {
  const { to, participant: _author, ...attrs } = node.attrs
  const own = isLid(to) || isLid(node.attrs.participant) ? from.lid : from.jid
  const sender = isGroup(to) ? { from: to, participant: own } : { from: own }
  return { ...node, attrs: { ...attrs, ...sender, t: clock.stamp() } as Record<string, string> }
}

const idsOf = (node: Stanza): string[] => [
  node.attrs.id ?? '',
  ...children(child(node, 'list'), 'item').map((item) => item.attrs.id ?? ''),
]
