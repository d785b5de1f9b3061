import { type BinaryNode, getBinaryNodeChild } from 'baileys'
import { clock } from '../../clock.ts'
import type { Content } from './content.ts'

/** Baileys asks the phone for the content of younger messages; then it comes, or is told as undecryptable. */
const ASKED_FOR_MS = 14 * 24 * 3600 * 1000
/** What phones do not pass on to linked devices. */
const KINDS: Record<string, string> = {
  view_once: 'view_once',
  view_once_unavailable_fanout: 'view_once',
  bot_unavailable_fanout: 'bot_unavailable',
  hosted_unavailable_fanout: 'hosted_unavailable',
}

/** Name a message stanza without content for this device; `undefined`: it has some, or Baileys asks for it. */
export function absentContent(stanza: BinaryNode): Content | undefined {
  const enc = getBinaryNodeChild(stanza, 'enc')
  if (enc?.attrs.type === 'msmsg') return { kind: 'bot_message' }
  if (enc || getBinaryNodeChild(stanza, 'plaintext')) return undefined
  const type = getBinaryNodeChild(stanza, 'unavailable')?.attrs.type ?? ''
  if (KINDS[type]) return { kind: KINDS[type] }
  const age = clock.now() - Number(stanza.attrs.t) * 1000
  return age > ASKED_FOR_MS ? { kind: 'unavailable' } : undefined
}
