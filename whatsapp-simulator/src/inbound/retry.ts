import { extractE2ESessionFromRetryReceipt } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import type { Post } from '../outbound/post.ts'
import { isGroup } from '../stream/jid.ts'
import { child, type Stanza, stanza } from '../stream/stanza.ts'
import type { World } from '../world.ts'

/** Phones give up asking for the same message after this many times, as real ones do. */
const PATIENCE = 5

/** "I could not read this": retry receipts both ways. */
export class Retry {
  readonly #world: World
  readonly #post: Post
  readonly #asked = new Map<string, number>()

  constructor(world: World, post: Post) {
    this.#world = world
    this.#post = post
  }

  /** A phone asks a linked device to send a message again, with fresh keys for a new session. */
  async ask(phone: Phone, from: Companion, node: Stanza, lid: boolean): Promise<void> {
    const id = node.attrs.id ?? ''
    const key = `${phone.number}|${id}`
    const count = (this.#asked.get(key) ?? 0) + 1
    if (count > PATIENCE) return
    this.#asked.set(key, count)
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

  /** A linked device could not read a message: its author's phone sends it again, in a new session if keys came along. */
  async asked(from: Companion, node: Stanza): Promise<void> {
    from.counters.retries += 1
    const { to, participant, id = '' } = node.attrs
    const author = this.#world.registry.byJid(isGroup(to) ? participant : to)
    if (!author?.recall(id)) return
    this.#world.ledger.noteRetry(author.number, `${from.number}:${from.device}`, id)
    const session = extractE2ESessionFromRetryReceipt(node) ?? undefined
    await author.inOrder(() => author.signal.startSession(from, session))
    await this.#post.resend(author, from, id, Number(child(node, 'retry')?.attrs.count ?? 1))
  }
}

/** Of its own device's messages a phone gets copies; the retry must say to whom the message went. */
const ownCopy = (phone: Phone, from: Companion, chat: string | undefined): string | undefined =>
  phone.number === from.number ? chat : undefined
