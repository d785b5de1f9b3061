import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from 'baileys'
import { clock } from '../clock.ts'
import type { InboundEvent } from '../contract.ts'
import { bareJid, isGroup, type LidMapping, resolveIdentity } from '../jid.ts'

type State = NonNullable<InboundEvent['receipt']>

/** A `<receipt>` stanza about messages that this account sent. */
export type Receipt = { state: State; ids: string[]; chat: string; reader: string; at: number }

const STATES: Record<string, State> = {
  '': 'delivered',
  delivery: 'delivered',
  inactive: 'delivered',
  read: 'read',
  played: 'played',
}

/** Read a `<receipt>` stanza; `undefined` when it is about something else (retries, own devices, history, …). */
export function readReceipt(stanza: BinaryNode): Receipt | undefined {
  const { id, from, participant, recipient, type, t } = stanza.attrs
  const state = STATES[type ?? '']
  if (!state || !id || !from || recipient) return undefined
  const list = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'list'), 'item')
  const ids = [id, ...list.flatMap((item) => item.attrs.id ?? [])]
  return { state, ids, chat: from, reader: participant ?? from, at: t ? Number(t) * 1000 : clock.now() }
}

/** Return the event for those of a receipt's messages that this account sent. */
export function receiptEvent(
  receipt: Omit<Receipt, 'ids'>,
  ids: [string, ...string[]],
  account: string,
  lidMapping: LidMapping,
  reason?: string,
): InboundEvent {
  const reader = resolveIdentity(receipt.reader, [], lidMapping)
  const group = isGroup(receipt.chat)
  const event: InboundEvent = {
    from: group ? (bareJid(receipt.chat) ?? receipt.chat) : reader.id,
    messageId: ids[0],
    timestamp: receipt.at,
    senderId: reader.id,
    account: bareJid(account) ?? account,
    kind: 'receipt',
    receipt: receipt.state,
    receiptFor: ids.slice(0, 1000),
  }
  if (group) event.isGroup = true
  if (reason) event.reason = reason
  return event
}
