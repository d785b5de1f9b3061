import { randomInt } from 'node:crypto'
import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { Fields } from './fields.ts'
import { Lookup } from './lookup.ts'
import type { Router } from './router.ts'

const DEEPEST = 32

/** Add the routes of stanzas by hand: whatever a real server may send, and nobody here does by itself. */
export function stanzaRoutes(router: Router, { state }: WhatsApp): void {
  const lookup = new Lookup(state)

  router.add('POST', '/phones/:number/stanzas', (call) => {
    const phone = lookup.phone(call.part('number'))
    const body = call.body()
    const node = readStanza(body.object('stanza'))
    body.finish()
    node.attrs.id ??= String(randomInt(1_000_000_000))
    node.attrs.t ??= clock.stamp()
    for (const companion of phone.companions.values()) companion.deliver(node)
    return { id: node.attrs.id }
  })

  router.add('POST', '/connections/stanzas', (call) => {
    const body = call.body()
    const node = readStanza(body.object('stanza'))
    const connections = lookup.connections(body)
    body.finish()
    for (const connection of connections) connection.send(node)
    return { sent: connections.length }
  })
}

/** Read `{tag, attrs?, content?: [stanza] | text, base64?}`. @throws {HttpError} when it is none */
function readStanza(fields: Fields, depth = 0): Stanza {
  if (depth > DEEPEST) throw new HttpError(400, 'the stanza is too deep')
  const tag = fields.text('tag')
  const attrs = fields.dictionary('attrs')
  const base64 = fields.maybeText('base64')
  const content = fields.take('content')
  fields.finish()
  if (base64 !== undefined) return stanza(tag, attrs, Buffer.from(base64, 'base64'))
  if (content === undefined) return stanza(tag, attrs)
  if (typeof content === 'string') return stanza(tag, attrs, Buffer.from(content))
  if (!Array.isArray(content)) throw new HttpError(400, '"content" must be a list of stanzas, or a text')
  return stanza(
    tag,
    attrs,
    content.map((child) => readStanza(new Fields(child, 'a stanza'), depth + 1)),
  )
}
