import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WhatsApp } from '../whatsapp.ts'
import { faultRoutes } from './faults.ts'
import { groupRoutes } from './groups.ts'
import { historyRoutes } from './history.ts'
import { messageRoutes } from './messages.ts'
import { phoneRoutes } from './phones.ts'
import { presenceRoutes } from './presence.ts'
import { Router } from './router.ts'
import { stanzaRoutes } from './stanzas.ts'

/** Start the control API on loopback. @param port 0 for a free one */
export async function startControl(whatsapp: WhatsApp, port: number): Promise<Server> {
  const router = new Router()
  const server = createServer((request, response) => void router.answer(request, response))
  const origin = (): string => originOf(server)
  phoneRoutes(router, whatsapp)
  messageRoutes(router, whatsapp, origin)
  presenceRoutes(router, whatsapp)
  historyRoutes(router, whatsapp)
  groupRoutes(router, whatsapp)
  faultRoutes(router, whatsapp)
  stanzaRoutes(router, whatsapp)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

export const originOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`
