import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from 'baileys'
import { clock } from '../clock.ts'
import type { InboundEvent } from '../contract.ts'
import { bare, type Directory, identify, isGroup } from '../jid.ts'

type State = NonNullable<InboundEvent['receipt']>

/** What a `<receipt>` stanza says about messages that this account sent. */
export type ReceiptNode = { state: State; ids: string[]; chat: string; reader: string; at: number }

const STATES: Record<string, State> = {
  '': 'delivered',
  delivery: 'delivered',
  inactive: 'delivered',
  read: 'read',
  played: 'played',
}

/** @returns `undefined` for receipts that are about something else (retries, our own devices, history, …). */
export function readReceipt(stanza: BinaryNode): ReceiptNode | undefined {
  const { id, from, participant, recipient, type, t } = stanza.attrs
  const state = STATES[type ?? '']
  if (!state || !id || !from || recipient) return undefined
  const list = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'list'), 'item')
  const ids = [id, ...list.flatMap((item) => item.attrs.id ?? [])]
  return { state, ids, chat: from, reader: participant ?? from, at: t ? Number(t) * 1000 : clock.now() }
}

/** The event for those of a receipt's messages that we know. */
export function receiptEvent(
  receipt: Omit<ReceiptNode, 'ids'>,
  ids: [string, ...string[]],
  account: string,
  directory: Directory,
  reason?: string,
): InboundEvent {
  const reader = identify(receipt.reader, [], directory)
  const group = isGroup(receipt.chat)
  const event: InboundEvent = {
    from: group ? (bare(receipt.chat) ?? receipt.chat) : reader.id,
    messageId: ids[0],
    timestamp: receipt.at,
    senderId: reader.id,
    account: bare(account) ?? account,
    kind: 'receipt',
    receipt: receipt.state,
    receiptFor: ids.slice(0, 1000),
  }
  if (group) event.isGroup = true
  if (reason) event.reason = reason
  return event
}
