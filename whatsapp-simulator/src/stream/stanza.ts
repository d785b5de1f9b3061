import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildBuffer, getBinaryNodeChildren } from 'baileys'

/** One XMPP-like element of WhatsApp's stream. */
export type Stanza = BinaryNode
export type Content = Stanza[] | Uint8Array

/** Build an element; attributes that are `undefined` are left out. */
export function stanza(
  tag: string,
  attrs: Record<string, string | undefined> = {},
  content?: Content,
): Stanza {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(attrs)) if (value !== undefined) given[name] = value
  return content === undefined ? { tag, attrs: given } : { tag, attrs: given, content }
}

export const child = (node: Stanza | undefined, tag: string): Stanza | undefined =>
  getBinaryNodeChild(node, tag)

export const children = (node: Stanza | undefined, tag: string): Stanza[] => getBinaryNodeChildren(node, tag)

export const firstChild = (node: Stanza): Stanza | undefined =>
  Array.isArray(node.content) ? node.content[0] : undefined

/** The bytes inside the child `tag`. @throws when there are none: a client that sends this is broken. */
export function bytesOf(node: Stanza | undefined, tag: string): Buffer {
  const found = getBinaryNodeChildBuffer(node, tag)
  if (!found) throw new Error(`<${node?.tag ?? '?'}> has no bytes in <${tag}>`)
  return Buffer.from(found)
}

/** The bytes of the element itself. @throws when there are none. */
export function content(node: Stanza): Buffer {
  if (!(node.content instanceof Uint8Array)) throw new Error(`<${node.tag}> carries no bytes`)
  return Buffer.from(node.content)
}

/** Big-endian bytes as a number. */
export const uint = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0)
