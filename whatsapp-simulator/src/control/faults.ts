import { pause } from '../clock.ts'
import type { DeliveryList } from '../faults/ledger.ts'
import { HttpError } from '../http-error.ts'
import { streamError } from '../login/login.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { readFaultRule } from './fault-rules.ts'
import { digits, Lookup } from './lookup.ts'
import type { Router } from './router.ts'
import { faultView } from './views.ts'

const POLL = 20
const OFFLINE = ['hold', 'flush', 'release'] as const

/** Add the routes of faults, connections, the offline queue, recorded stanzas and the ledger. */
export function faultRoutes(router: Router, whatsapp: WhatsApp): void {
  const { state, login } = whatsapp
  const { faults, recorder, ledger } = state
  const lookup = new Lookup(state)

  router.add('POST', '/faults', (call) => ({ id: faults.add(readFaultRule(call.body())).id }))
  router.add('GET', '/faults', () => faults.list().map(faultView))
  router.add('DELETE', '/faults', () => {
    faults.clear()
    return {}
  })
  router.add('DELETE', '/faults/:id', (call) => {
    if (!faults.remove(Number(call.part('id'))))
      throw new HttpError(404, `there is no fault ${call.part('id')}`)
    return {}
  })

  router.add('POST', '/connections/drop', (call) => {
    const body = call.body()
    const connections = lookup.connections(body)
    body.finish()
    for (const connection of connections) connection.terminate()
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

  router.add('POST', '/web-version', (call) => {
    const body = call.body()
    const [current, least] = [body.maybeCount('current'), body.maybeCount('least')]
    body.finish()
    Object.assign(state.webVersion, { current, least })
    return state.webVersion
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

  router.add('GET', '/stanzas', (call) => recorder.stanzas.wait(call.count('after'), call.waitMs()))
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
    const lists = (): DeliveryList[] => ledger.lists((companion) => companion.startsWith(wanted))
    const deadline = performance.now() + call.waitMs('settled')
    while (lists().some(isOpen) && performance.now() < deadline) await pause(POLL)
    return lists()
  })
}

const isOpen = ({ messages }: DeliveryList): boolean => messages.some(({ state }) => state === 'queued')
