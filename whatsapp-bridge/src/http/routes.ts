import type { Account } from '../account/account.ts'
import type { Spool } from '../agent/spool.ts'
import type { Config } from '../config.ts'
import type { HealthAnswer } from '../contract.ts'
import type { Counters } from '../counters.ts'
import type { Intake } from '../inbound/intake.ts'
import { serveMedia } from '../inbound/media.ts'
import type { MediaStore } from '../inbound/media-store.ts'
import { Commands } from '../outbound/commands.ts'
import type { Transmitter } from '../outbound/transmitter.ts'
import { readJson } from './body.ts'
import type { Guard } from './guard.ts'
import { openapi, VERSION } from './openapi.ts'
import { readLinkByCode } from './parse.ts'
import type { Exchange, Routes } from './server.ts'

type Parts = {
  config: Config
  guard: Guard
  account: Account
  spool: Spool
  intake: Intake
  transmitter: Transmitter
  media: MediaStore
  counters: Counters
  temporary: string
}

/** Every endpoint of the bridge. */
export function routes(parts: Parts): Routes {
  const { account, config, intake, transmitter, temporary } = parts
  const connected = () => account.connected()
  const commands = new Commands({ config, intake, transmitter, connected, temporary })
  return {
    'GET /health': (exchange) => health(exchange, parts),
    'GET /link': () => account.link(),
    'POST /link': async ({ request }) => account.linkAnew(await phoneFrom(request)),
    'POST /unlink': async () => {
      await account.unlink()
      return account.link()
    },
    'POST /send': ({ request }) => commands.send(request),
    'POST /send-media': ({ request }) => commands.sendMedia(request),
    'POST /react': ({ request }) => commands.react(request),
    'POST /typing': ({ request }) => commands.typing(request),
    'POST /read': ({ request }) => commands.read(request),
    'GET /media/:id': async ({ parameter, response }) => {
      const { media: store } = parts
      await serveMedia(parameter, response, {
        store,
        connected,
        directory: temporary,
        limit: config.mediaMaxBytes,
      })
      return undefined
    },
    'GET /dead-letters': () => ({ deadLetters: parts.spool.listDead() }),
    'GET /openapi.json': () => openapi(),
  }
}

/** Without a body: by QR. */
async function phoneFrom(request: Exchange['request']): Promise<string | undefined> {
  const empty = request.headers['content-length'] === '0' || !request.headers['content-type']
  return empty ? undefined : readLinkByCode(await readJson(request)).phone
}

/** Strangers see that the bridge lives and how; no number, no counts. */
function health({ request, trusted }: Exchange, { account, spool, guard, counters }: Parts): HealthAnswer {
  const { state, code, message } = account.status
  const words = [message, spool.trouble].filter(Boolean).join(' ')
  const proof = guard.prove(request.headersDistinct['x-bridge-challenge']?.[0])
  const open: HealthAnswer = {
    state,
    message: words,
    ...(code === undefined ? {} : { code }),
    ...(proof ? { proof } : {}),
  }
  if (!trusted) return open
  return {
    ...open,
    ...(account.number ? { account: account.number } : {}),
    spool: spool.size,
    deadLetters: spool.deadLetters,
    version: VERSION,
    counters: counters.all(),
  }
}
