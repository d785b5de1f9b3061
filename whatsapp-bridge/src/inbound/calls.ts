import { type BinaryNode, getAllBinaryNodeChildren, getBinaryNodeChild } from 'baileys'
import { LRUCache } from 'lru-cache'
import type { Content } from './content/content.ts'

const MOST = 100
const LONGEST_RINGING_MS = 300_000

/** A call that nobody answered, under its own id. */
type MissedCall = { id: string; content: Content }

/** Notice calls whose caller hangs up before somebody answers. Those that ring out Baileys turns into messages. */
export class Calls {
  /** What kind of call rings, by its id. */
  readonly #ringing = new LRUCache<string, string>({ max: MOST, ttl: LONGEST_RINGING_MS })

  /** Take a `<call>` stanza. @returns the call that was missed, if one was. */
  onCall(stanza: BinaryNode): MissedCall | undefined {
    const [step] = getAllBinaryNodeChildren(stanza)
    const id = step?.attrs['call-id']
    if (!step || !id) return undefined
    if (step.tag === 'offer') this.#ringing.set(id, getBinaryNodeChild(step, 'video') ? 'video' : 'voice')
    else if (['accept', 'reject', 'terminate'].includes(step.tag)) return this.#end(id, step)
    return undefined
  }

  #end(id: string, { tag, attrs }: BinaryNode): MissedCall | undefined {
    const kind = this.#ringing.get(id)
    this.#ringing.delete(id)
    const unanswered = tag === 'terminate' && !/timeout|accept|reject|decline/.test(attrs.reason ?? '')
    return kind && unanswered ? { id, content: { kind: `call_missed_${kind}` } } : undefined
  }
}
