import type { proto } from 'baileys'
import type { InboundEvent } from '../../contract.ts'
import type { Content, Read } from './content.ts'
import { READERS } from './kinds.ts'
import { clip, lines, textOf, wordsOf } from './words.ts'

type Message = proto.IMessage

/** Fields that accompany the content. */
const METADATA = new Set([
  'messageContextInfo',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
])

/** Read what a person wrote. Every kind has a name; `undefined` is protocol between devices, with nothing to read. */
export function readContent(message: Message): Content | undefined {
  const inner = unwrap(message) as Record<string, unknown>
  const fields = fieldsOf(inner)
  const field = fields.find((name) => name in READERS) ?? fields[0]
  if (!field) return undefined
  const content = readField(field, inner[field])
  if (!content) return undefined
  const others = fields.filter((name) => name !== field).map((name) => wordsOf(inner[name]))
  return {
    ...content,
    ...(others.some(Boolean) ? textOf(lines(content.text, ...others)) : {}),
    ...contextOf(inner[field]),
  }
}

function readField(field: string, value: unknown): Content | undefined {
  const reader = READERS[field as keyof Message] as
    | ((value: unknown, read: Read) => Content | undefined)
    | undefined
  return reader ? reader(value, readContent) : { kind: nameOf(field), ...textOf(wordsOf(value)) }
}

/** Return the names of the fields that are content. */
export const fieldsOf = (message: object): string[] =>
  Object.entries(message).flatMap(([name, value]) =>
    METADATA.has(name) || (value ?? null) === null ? [] : name,
  )

/** Remove the wrappers that only say how to show a message: disappearing, view once, caption, edited, … */
export function unwrap(message: Message, depth = 0): Message {
  for (const name of Object.keys(message)) {
    if (METADATA.has(name) || name in READERS) continue
    const inner = (message as Record<string, { message?: Message } | null>)[name]?.message
    if (inner && typeof inner === 'object' && depth < 8) return unwrap(inner, depth + 1)
  }
  return message
}

function contextOf(value: unknown): { context?: proto.IContextInfo } {
  const { contextInfo } = (value ?? {}) as { contextInfo?: proto.IContextInfo | null }
  return contextInfo ? { context: contextInfo } : {}
}

/** Return the name of a kind: `pinInChatMessage` → `pin_in_chat`. */
export const nameOf = (field: string): string =>
  field
    .replace(/Messs?age(V\d+)?$/, '')
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .slice(0, 64) || 'unknown'

/** Return the text of a quoted message. */
export function quotedText(message: Message | null | undefined): string | undefined {
  const text: InboundEvent['text'] = message ? readContent(message)?.text : undefined
  return text ? clip(text, 4096) : undefined
}
