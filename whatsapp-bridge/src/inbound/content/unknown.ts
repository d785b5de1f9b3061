import { proto } from 'baileys'
import type { Content } from './content.ts'
import { poll } from './kinds.ts'
import { fieldsOf, readContent } from './read.ts'
import { lines, textOf } from './words.ts'

/** One length-delimited field of a protobuf message. */
type Field = { number: number; bytes: Uint8Array; whole: Uint8Array }

const DEEPEST = 8
/** Kinds that are newer than Baileys' protobuf, by their field. */
const NAMES: Record<number, string> = {
  120: 'conditional_reveal',
  121: 'poll_add_option',
  122: 'event_invite',
  124: 'payment_reminder',
  125: 'split_payment',
}
const POLL_V6 = 119
const ADDRESS = /^[\w.:-]+@[\w.]+$/
/** A group's key, from device to device. */
const BETWEEN_DEVICES = new Set([123])

/**
 * Read a message whose kind Baileys' protobuf does not know: its name is the number of its field, its words are the
 * texts on the wire. `undefined`: there is none, also not inside a wrapper.
 */
export function readUnknown(plain: Uint8Array, depth = 0): Content | undefined {
  for (const field of fieldsIn(plain) ?? []) {
    const content = depth < DEEPEST ? readField(field, depth) : undefined
    if (content) return content
  }
  return undefined
}

function readField(field: Field, depth: number): Content | undefined {
  const known = knownIn(field)
  if (known === 'unreadable') return undefined
  if (known) return isWrapper(known[1]) ? readWrapped(field, depth) : undefined
  if (BETWEEN_DEVICES.has(field.number)) return undefined
  return (
    newPoll(field) ??
    newWrapper(field.bytes) ?? {
      kind: NAMES[field.number] ?? `unknown_${field.number}`,
      ...textOf(lines(...textsIn(field.bytes))),
    }
  )
}

/** Return the field that Baileys' protobuf has for it. */
function knownIn({ whole }: Field): [string, unknown] | 'unreadable' | undefined {
  try {
    return Object.entries(proto.Message.decode(whole))[0]
  } catch {
    return 'unreadable' // a wrong type, or cut
  }
}

const isWrapper = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'object'

const readWrapped = ({ bytes }: Field, depth: number): Content | undefined =>
  (fieldsIn(bytes) ?? [])
    .filter((inner) => !ADDRESS.test(Buffer.from(inner.bytes.subarray(0, 64)).toString('latin1')))
    .map((inner) => readUnknown(inner.bytes, depth + 1))
    .find(Boolean)

function newPoll({ number, bytes }: Field): Content | undefined {
  try {
    return number === POLL_V6 ? poll(proto.Message.PollCreationMessage.decode(bytes)) : undefined
  } catch {
    return undefined
  }
}

/** Read a new wrapper: one field that holds a whole message of a kind that is known. */
function newWrapper(bytes: Uint8Array): Content | undefined {
  const [inner, ...more] = fieldsIn(bytes) ?? []
  if (inner?.number !== 1 || more.length) return undefined
  try {
    const message = proto.Message.decode(inner.bytes)
    const same = proto.Message.encode(message).finish().length === inner.bytes.length
    return same && fieldsOf(message).length ? readContent(message) : undefined
  } catch {
    return undefined
  }
}

/** Return the texts on the wire, also those inside of messages, in their order. */
function textsIn(bytes: Uint8Array, depth = 0): string[] {
  return (fieldsIn(bytes) ?? []).flatMap(({ bytes: value }) => {
    const inner = depth < DEEPEST ? textsIn(value, depth + 1) : []
    const text = inner.length ? undefined : readText(value)
    return text === undefined ? inner : [text]
  })
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Return bytes as the words that they are; `undefined`: no words (keys, digests, addresses, places on servers). */
function readText(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    const words = /\p{L}|\p{N}/u.test(text) && !/[^\P{Cc}\n\t\r]/u.test(text)
    return words && !/^\S{65,}$|^\/v\/|@(lid|s\.whatsapp\.net|g\.us)$/.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

/** Split a protobuf message into its length-delimited fields; `undefined`: it is none. */
function fieldsIn(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; at < bytes.length && factor < 2 ** 63; factor *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  while (at < bytes.length) {
    const start = at
    const tag = varint()
    const number = Math.floor(tag / 8)
    if (!(number >= 1 && number < 2 ** 29)) return undefined
    const length = skip(tag % 8, varint)
    if (!(at + length <= bytes.length)) return undefined
    at += length
    if (tag % 8 === 2)
      fields.push({ number, bytes: bytes.subarray(at - length, at), whole: bytes.subarray(start, at) })
  }
  return fields
}

/** Return how many bytes follow a tag of this wire type. */
function skip(wireType: number, varint: () => number): number {
  if (wireType === 0) return Number.isNaN(varint()) ? Number.NaN : 0
  if (wireType === 1) return 8
  if (wireType === 2) return varint()
  return wireType === 5 ? 4 : Number.NaN
}
