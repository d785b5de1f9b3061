import { pause } from '../clock.ts'
import type { Book } from '../faults/ledger.ts'
import { streamError } from '../login/login.ts'
import { Refusal } from '../refusal.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { digits, Lookup } from './lookup.ts'
import { readOrder } from './orders.ts'
import type { Router } from './router.ts'
import { faultView } from './views.ts'

const POLL = 20
const OFFLINE = ['hold', 'flush', 'release'] as const

/** Faults on command, connections, the offline queue, and the oracle's view. */
export function faultRoutes(router: Router, whatsapp: WhatsApp): void {
  const { world, login } = whatsapp
  const { faults, recorder, ledger } = world
  const lookup = new Lookup(world)

  router.add('POST', '/faults', (call) => ({ id: faults.add(readOrder(call.body())).id }))
  router.add('GET', '/faults', () => faults.list().map(faultView))
  router.add('DELETE', '/faults', () => {
    faults.clear()
    return {}
  })
  router.add('DELETE', '/faults/:id', (call) => {
    if (!faults.remove(Number(call.part('id'))))
      throw new Refusal(404, `there is no fault ${call.part('id')}`)
    return {}
  })

  router.add('POST', '/connections/drop', (call) => {
    const body = call.body()
    const connections = lookup.connections(body)
    body.finish()
    for (const connection of connections) connection.cut()
    return { dropped: connections.length }
  })

  router.add('POST', '/connections/half-open', (call) => {
    const body = call.body()
    const connections = lookup.connections(body)
    const on = body.flag('on', true)
    body.finish()
    for (const connection of connections) connection.setHalfOpen(on)
    return { halfOpen: on, connections: connections.length }
  })

  router.add('POST', '/stream-error', (call) => {
    const body = call.body()
    const code = body.maybeCount('code') ?? 500
    const companions = lookup.companions(body)
    body.finish()
    const connections = companions.flatMap((companion) => login.connectionOf(companion) ?? [])
    if (code === 401) for (const one of companions) login.remove(lookup.phone(one.number), one)
    else for (const connection of connections) streamError(connection, code)
    return { sent: connections.length }
  })

  router.add('POST', '/offline', (call) => {
    const body = call.body()
    const action = body.oneOf('action', OFFLINE)
    const count = body.maybeCount('count')
    const companions = lookup.companions(body)
    body.finish()
    let delivered = 0
    for (const companion of companions) {
      if (action === 'hold') Object.assign(companion, { held: true, ready: false })
      if (action === 'flush') delivered += companion.flush(count)
      if (action === 'release') delivered += login.release(companion)
    }
    return { delivered }
  })

  router.add('GET', '/stanzas', (call) => recorder.stanzas.wait(call.count('after'), call.patience()))
  router.add('POST', '/stanzas', (call) => {
    const body = call.body()
    recorder.on = body.flag('record', true)
    body.finish()
    return { record: recorder.on }
  })

  router.add('GET', '/ledger', async (call) => {
    const number = call.query('number')
    const device = call.query('device')
    const wanted = number === undefined ? '' : `${digits(number)}:${device ?? ''}`
    const books = (): Book[] => ledger.books((companion) => companion.startsWith(wanted))
    const deadline = performance.now() + call.patience('settled')
    while (books().some(isOpen) && performance.now() < deadline) await pause(POLL)
    return books()
  })
}

const isOpen = ({ messages }: Book): boolean => messages.some(({ state }) => state === 'queued')
