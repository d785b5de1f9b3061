import type { Companion } from '../accounts/companion.ts'
import { pause } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { digits, Lookup } from './lookup.ts'
import type { Call, Reply, Router } from './router.ts'
import { companionView, connectionView, faultView, groupView, phoneView } from './views.ts'

const POLL = 20

/** Add the routes of phones, linking and the whole state. */
export function phoneRoutes(router: Router, whatsapp: WhatsApp): void {
  const { state, linking, codes, login } = whatsapp
  const lookup = new Lookup(state)
  const linked = ({ device, jid, lid }: Companion): Reply => ({ device, jid, lid })

  router.add('GET', '/state', () => ({
    connections: [...state.connections].map(connectionView),
    phones: state.registry.phones().map((phone) => phoneView(phone, whatsapp)),
    groups: state.groups.list().map(groupView),
    faults: state.faults.list().map(faultView),
  }))

  router.add('POST', '/phones', (call) => {
    const body = call.body()
    const number = digits(body.text('number'))
    const lid = body.maybeText('lid')?.replace(/@lid$/, '')
    if (lid !== undefined && !/^\d{5,20}$/.test(lid))
      throw new HttpError(400, `"${lid}" is no LID (5 to 20 digits)`)
    const given = {
      name: body.maybeText('name'),
      autoReceipt: body.maybeFlag('autoReceipt'),
      autoRead: body.maybeFlag('autoRead'),
      initialHistory: body.maybeFlag('initialHistory'),
      lidHidden: body.maybeFlag('lidHidden'),
    }
    body.finish()
    const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const phone = state.registry.add(number, lid, settings)
    return { number: phone.number, jid: phone.jid, lid: phone.lid, ...phone.settings }
  })

  router.add('GET', '/phones/:number', (call) => phoneView(lookup.phone(call.part('number')), whatsapp))

  router.add('POST', '/phones/:number/link/qr', async (call) => {
    const body = call.body()
    const qr = body.text('qr')
    body.finish()
    return linked(await linking.scan(lookup.phone(call.part('number')), qr))
  })

  router.add('POST', '/phones/:number/link/code', async (call) => {
    const body = call.body()
    const code = body.text('code')
    body.finish()
    return linked(await codes.enter(lookup.phone(call.part('number')), code))
  })

  router.add('DELETE', '/phones/:number/companions/:device', (call) => {
    const phone = lookup.phone(call.part('number'))
    const companion = lookup.companion(phone, call.part('device'))
    login.remove(phone, companion)
    return { removed: companion.device }
  })

  router.add('GET', '/phones/:number/companions/:device', async (call) => {
    const until = call.query('until')
    if (until !== undefined && !(until in REACHED))
      throw new HttpError(400, `"until" must be one of ${Object.keys(REACHED).join(', ')}`)
    const phone = lookup.phone(call.part('number'))
    const find = (): Companion => lookup.companion(phone, call.part('device'))
    return companionView(until === undefined ? find() : await reach(call, find, until))
  })
}

/** States of a linked device that a caller can wait for. */
const REACHED: Record<string, (companion: Companion) => boolean> = {
  online: (companion) => companion.connection !== undefined && companion.ready,
  offline: (companion) => companion.connection === undefined,
  settled: (companion) => companion.settledOnce && companion.queue.size === 0,
}

async function reach(call: Call, find: () => Companion, until: string): Promise<Companion> {
  const deadline = performance.now() + call.waitMs()
  for (;;) {
    const companion = attempt(find)
    if (companion && REACHED[until]?.(companion)) return companion
    if (performance.now() >= deadline) throw new HttpError(408, `the linked device is not ${until}`)
    await pause(POLL)
  }
}

/** Return `undefined` while no device is linked: the caller waits for one. */
function attempt(find: () => Companion): Companion | undefined {
  try {
    return find()
  } catch {
    return undefined
  }
}
