import { extractE2ESessionFromRetryReceipt } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { State } from '../state.ts'
import { isGroup } from '../stream/jid.ts'
import { child, type Stanza, stanza } from '../stream/stanza.ts'

/** Phones ask for the same message at most this often, as real ones do. */
const MAX_RETRIES = 5

/** Send and answer retry receipts: "I could not read this". */
export class Retry {
  readonly #state: State
  readonly #outbound: Outbound
  readonly #requests = new Map<string, number>()

  constructor(state: State, outbound: Outbound) {
    this.#state = state
    this.#outbound = outbound
  }

  /** Let a phone ask a linked device to send a message again, with fresh keys for a new session. */
  async request(phone: Phone, from: Companion, node: Stanza, lid: boolean): Promise<void> {
    const id = node.attrs.id ?? ''
    const key = `${phone.number}|${id}`
    const count = (this.#requests.get(key) ?? 0) + 1
    if (count > MAX_RETRIES) return
    this.#requests.set(key, count)
    const own = phone.own(lid)
    const chat = node.attrs.to
    const sender = isGroup(chat)
      ? { from: chat, participant: own }
      : { from: own, recipient: ownCopy(phone, from, chat) }
    const t = clock.stamp()
    const retry = stanza('retry', { count: String(count), id, t, v: '1' })
    from.deliver(
      stanza('receipt', { ...sender, id, type: 'retry', t }, [retry, ...(await phone.signal.retryKeys())]),
    )
  }

  /** Send a message again to a linked device that could not read it, in a new session if keys came along. */
  async onReceipt(from: Companion, node: Stanza): Promise<void> {
    from.counters.retries += 1
    const { to, participant, id = '' } = node.attrs
    const author = this.#state.registry.byJid(isGroup(to) ? participant : to)
    if (!author?.findSent(id)) return
    this.#state.ledger.countRetry(author.number, `${from.number}:${from.device}`, id)
    const session = extractE2ESessionFromRetryReceipt(node) ?? undefined
    await author.inOrder(() => author.signal.startSession(from, session))
    await this.#outbound.resend(author, from, id, Number(child(node, 'retry')?.attrs.count ?? 1))
  }
}

/** Return the chat that a retry must name: a phone gets copies of its own device's messages. */
const ownCopy = (phone: Phone, from: Companion, chat: string | undefined): string | undefined =>
  phone.number === from.number ? chat : undefined
