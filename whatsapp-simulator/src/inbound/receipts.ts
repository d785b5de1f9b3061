import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import type { MediaRetry } from '../media/media-retry.ts'
import type { Connection } from '../stream/connection.ts'
import { isGroup, isLid, readJid } from '../stream/jid.ts'
import { child, children, type Stanza, stanza } from '../stream/stanza.ts'
import type { World } from '../world.ts'
import type { Retry } from './retry.ts'

/** Receipts that tell WhatsApp the message has arrived, so that it need not be delivered again. */
const ARRIVED = new Set(['delivery', 'inactive', 'sender', 'peer_msg'])

export class Receipts {
  readonly #world: World
  readonly #retry: Retry
  readonly #mediaRetry: MediaRetry

  constructor(world: World, retry: Retry, mediaRetry: MediaRetry) {
    this.#world = world
    this.#retry = retry
    this.#mediaRetry = mediaRetry
  }

  /** A receipt from a linked device: settles what waited, tells the sender's phone, and is acknowledged. */
  async receive(connection: Connection, from: Companion, node: Stanza): Promise<void> {
    const type = node.attrs.type ?? 'delivery'
    const ids = idsOf(node)
    if (ARRIVED.has(type)) {
      from.counters.receipts += ids.length
      for (const id of ids) from.queue.settle({ tag: 'message', id, from: node.attrs.to })
    }
    this.#tell(from, node, type, ids)
    if (type === 'retry') await this.#retry.asked(from, node)
    if (type === 'server-error') await this.#mediaRetry.asked(from, node)
    const { id, to, participant } = node.attrs
    connection.send(stanza('ack', { class: 'receipt', id, from: to, participant, type: node.attrs.type }))
  }

  /** An ack from a linked device: it has dealt with a stanza, or refuses it. */
  acknowledged(from: Companion, { attrs }: Stanza): void {
    const error = attrs.error === undefined ? undefined : Number(attrs.error)
    if (error === undefined) from.counters.acks += 1
    else from.counters.nacks += 1
    from.queue.settle({ tag: attrs.class ?? '', id: attrs.id ?? '', from: attrs.to, type: attrs.type, error })
  }

  /** A phone tells linked devices that a message of theirs arrived, was read or was played. */
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

  /** The sender's phone gets to know, and the linked device that sent the message, if one did. */
  #tell(from: Companion, node: Stanza, type: string, ids: string[]): void {
    const { to, participant } = node.attrs
    const sender = this.#world.registry.byJid(isGroup(to) ? participant : to)
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

/** The same receipt as the other side sees it. */
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
