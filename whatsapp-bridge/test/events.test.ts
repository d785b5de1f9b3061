import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import type { BinaryNode, WASocket } from 'baileys'
import { Counters } from '../src/counters.ts'
import { BAILEYS_EVENTS, type EventHandlers, listen, STANZAS } from '../src/inbound/events.ts'
import { ANN, BOB, CLEO, cleanUp, linkedSystem, until } from './harness.ts'

after(cleanUp)

/** A socket that emits what a test wants, and the names of the handlers that were called. */
function listening() {
  const [ev, ws] = [new EventEmitter(), new EventEmitter()]
  const counters = new Counters()
  const called: string[] = []
  const handlers = new Proxy({} as EventHandlers, { get: (_, name) => () => called.push(String(name)) })
  listen({ ev, ws } as unknown as WASocket, handlers, counters)
  return { ev, ws, counters, called }
}

/** A payload that fits the handled events; the others are not looked into. */
const PAYLOADS: Record<string, unknown> = {
  'groups.update': [{ id: '1@g.us' }],
  'group-participants.update': { id: '1@g.us' },
  'messages.upsert': { messages: [] },
}

test('each event of Baileys has its handler, or is counted under its name', () => {
  for (const [name, entry] of Object.entries(BAILEYS_EVENTS)) {
    const { ev, counters, called } = listening()
    assert.equal(ev.emit(name, PAYLOADS[name] ?? {}), true, `nobody listens to ${name}`)
    const counted = typeof entry === 'string'
    assert.deepEqual(counters.all(), counted ? { [`event.${name}`]: 1 } : {})
    assert.equal(called.length, counted ? 0 : 1, name)
  }
})

function stanzaOf(kind: string): BinaryNode {
  const [tag = '', type] = kind.split(' ')
  if (!type) return { tag, attrs: {} }
  if (tag === 'ib') return { tag, attrs: {}, content: [{ tag: type, attrs: {} }] }
  return { tag, attrs: { [tag === 'ack' ? 'class' : 'type']: type } }
}

test('each stanza has its handler, or is counted under its kind', () => {
  for (const [kind, entry] of Object.entries(STANZAS)) {
    const { ws, counters, called } = listening()
    ws.emit('frame', stanzaOf(kind))
    const counted = typeof entry === 'string'
    assert.deepEqual(counters.all(), counted ? { [`stanza.${kind}`]: 1 } : {})
    assert.deepEqual(called, counted ? ['stanza'] : ['stanza', kind.split(' ')[0]])
  }
})

test('what nobody has heard of is counted without its name, so that the counters stay few', () => {
  const { ws, counters } = listening()
  for (const kind of ['notification new_one', 'notification another', 'ib new_one', 'ack call'])
    ws.emit('frame', stanzaOf(kind))
  for (const tag of ['surprise', 'constructor', '__proto__']) ws.emit('frame', { tag, attrs: {} })
  ws.emit('frame', new Uint8Array(8))
  assert.deepEqual(counters.all(), {
    'stanza.notification': 2,
    'stanza.ib': 1,
    'stanza.ack': 1,
    'stanza.unknown': 3,
  })
})

test('each stanza that Baileys itself reads is on the list', () => {
  const folder = new URL('../../node_modules/baileys/lib/Socket/', import.meta.url)
  const source = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n')
  const listeners = [...source.matchAll(/ws\.on\('CB:([^']+)'/g)].map(([, name]) => name ?? '')
  const kinds = listeners.map((name) => {
    const [tag = '', attribute, child] = name.split(',')
    if (tag === 'ack') return `ack ${attribute?.split(':')[1]}`
    return tag === 'ib' ? `ib ${child}` : tag
  })
  const body = source.slice(source.indexOf('const processNotification ='))
  const types = [...body.slice(0, body.indexOf('\n    };')).matchAll(/^ {12}case '([^']+)':/gm)]
  assert.ok(kinds.length > 15 && types.length > 9, 'the source of Baileys looks different now')
  const missing = [...kinds, ...types.map(([, type]) => `notification ${type}`)].filter(
    (kind) => !Object.hasOwn(STANZAS, kind),
  )
  assert.deepEqual(missing, [])
})

test('what WhatsApp sends besides messages shows in the counters of GET /health', async () => {
  const { simulator, bridge } = await linkedSystem()
  const group = await simulator.call<{ id: string }>('POST', '/groups', {
    subject: 'Events',
    members: [CLEO, ANN],
    notify: true,
  })
  await simulator.call('POST', `/phones/${ANN}/typing`, { to: CLEO, state: 'composing' })
  await simulator.call('POST', `/groups/${encodeURIComponent(group.id)}`, { add: [BOB] })
  const wanted = ['stanza.iq', 'stanza.chatstate', 'event.presence.update', 'stanza.notification w:gp2']
  await until('the counts', async () => {
    const { counters } = await bridge.health()
    return wanted.every((name) => (counters?.[name] ?? 0) > 0)
  })
})
