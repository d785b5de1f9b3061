import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren } from 'baileys'
import type { AuthStore } from '../account/auth-store.ts'
import type { Deliverer } from '../agent/deliver.ts'
import type { Spool } from '../agent/spool.ts'
import { clock } from '../clock.ts'
import type { InboundEvent } from '../contract.ts'
import { failpoint } from '../failpoint.ts'
import { bareJid, isGroup, resolveIdentity } from '../jid.ts'
import type { Outbox, Sent } from '../outbound/outbox.ts'
import type { AccountRows } from '../store/account-rows.ts'
import { timestampOf } from './timestamp.ts'
import type { PendingEvent } from './translate.ts'

type State = NonNullable<InboundEvent['receipt']>

/** What became of messages, in one chat, for one reader. */
type Receipt = { state: State; ids: string[]; chat: string; reader: string; at: number; reason?: string }

type Dependencies = {
  rows: AccountRows
  spool: Spool
  deliverer: Deliverer
  outbox: Outbox
  auth: AuthStore
}

const MAX_IDS = 1000
const STATES: Record<string, State> = {
  '': 'delivered',
  delivery: 'delivered',
  inactive: 'delivered',
  read: 'read',
  played: 'played',
}

/** Put what becomes of sent messages into the spool. */
export class Receipts {
  readonly #dependencies: Dependencies

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Take a `<receipt>` stanza; it is durable on return, before Baileys acknowledges it.
   *
   * @returns `false` when it is about nothing that this account has sent, or is another kind of receipt.
   */
  onReceipt(stanza: BinaryNode): boolean {
    const receipt = readReceipt(stanza)
    const ids = receipt ? this.#dependencies.outbox.known(receipt.ids) : []
    if (receipt) this.#add({ ...receipt, ids })
    return ids.length > 0
  }

  /** Take the server's answer to a send that nobody waits for any more; `code` is the reason of a refusal. */
  onLateAck({ id, jid }: Sent, code: number | undefined): void {
    const sent = { ids: [id], chat: jid, reader: jid, at: clock.now() }
    if (code === undefined) this.#add({ ...sent, state: 'sent' })
    else this.#add({ ...sent, state: 'failed', reason: `WhatsApp refused it (${code})` })
  }

  #add(receipt: Receipt): void {
    const { rows, spool, deliverer, auth } = this.#dependencies
    const event = this.#event(receipt, auth.creds.me?.id)
    if (!event) return
    failpoint('receipt.before_commit')
    rows.transaction(() => spool.add(event))
    failpoint('receipt.after_commit')
    deliverer.wake(event.from)
  }

  #event(receipt: Receipt, me: string | undefined): PendingEvent | undefined {
    const [messageId] = receipt.ids
    if (!messageId || !me) return undefined
    const reader = resolveIdentity(receipt.reader, [], this.#dependencies.auth)
    const group = isGroup(receipt.chat)
    return {
      from: group ? (bareJid(receipt.chat) ?? receipt.chat) : reader.id,
      messageId,
      timestamp: receipt.at,
      senderId: reader.id,
      account: bareJid(me) ?? me,
      kind: 'receipt',
      receipt: receipt.state,
      receiptFor: receipt.ids.slice(0, MAX_IDS),
      ...(group ? { isGroup: true } : {}),
      ...(receipt.reason ? { reason: receipt.reason } : {}),
    }
  }
}

/** Read a `<receipt>` stanza; `undefined` when it is about something else (retries, own devices, history, …). */
function readReceipt(stanza: BinaryNode): Receipt | undefined {
  const { id, from, participant, recipient, type, t } = stanza.attrs
  const state = STATES[type ?? '']
  if (!state || !id || !from || recipient) return undefined
  const list = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'list'), 'item')
  const ids = [id, ...list.flatMap((item) => item.attrs.id ?? [])]
  return { state, ids, chat: from, reader: participant ?? from, at: timestampOf(t) }
}
