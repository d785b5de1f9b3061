import type { Account } from '../account/account.ts'
import { textOf, type WebVersions } from '../account/web-versions.ts'
import type { Deliverer } from '../agent/deliver.ts'
import type { Spool } from '../agent/spool.ts'
import type { Config } from '../config.ts'
import type { HealthAnswer } from '../contract.ts'
import type { Counters } from '../counters.ts'
import type { Ingest } from '../inbound/ingest.ts'
import { serveMedia } from '../inbound/media.ts'
import type { MediaStore } from '../inbound/media-store.ts'
import type { LidMapping } from '../jid.ts'
import { Commands } from '../outbound/commands.ts'
import type { Sender } from '../outbound/sender.ts'
import { readJson } from './body.ts'
import type { Guard } from './guard.ts'
import { openapi, VERSION } from './openapi.ts'
import type { RequestContext, Routes } from './server.ts'
import { readLinkByCode } from './validate.ts'

type Dependencies = {
  config: Config
  guard: Guard
  account: Account
  spool: Spool
  deliverer: Deliverer
  ingest: Ingest
  sender: Sender
  media: MediaStore
  lidMapping: LidMapping
  versions: WebVersions
  counters: Counters
  temporary: string
}

/** Return every endpoint of the bridge. */
export function routes(dependencies: Dependencies): Routes {
  const { account, config, ingest, sender, lidMapping, temporary } = dependencies
  const connected = () => account.connected()
  const commands = new Commands({ config, ingest, sender, lidMapping, connected, temporary })
  return {
    'GET /health': (context) => health(context, dependencies),
    'GET /link': () => account.link(),
    'POST /link': async ({ request }) => account.restartLinking(await phoneFrom(request)),
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
      await serveMedia(parameter, response, {
        store: dependencies.media,
        connected,
        directory: temporary,
        limit: config.mediaMaxBytes,
      })
      return undefined
    },
    'GET /dead-letters': () => ({ deadLetters: dependencies.spool.deadLetters() }),
    'GET /openapi.json': () => openapi(),
  }
}

/** Return the number to link by pairing code; without a body `undefined`: by QR. */
async function phoneFrom(request: RequestContext['request']): Promise<string | undefined> {
  const empty = request.headers['content-length'] === '0' || !request.headers['content-type']
  return empty ? undefined : (await readLinkByCode(await readJson(request))).phone
}

/** Without the secret the answer has no number and no counts. */
function health(
  { request, authorized }: RequestContext,
  { account, config, spool, deliverer, guard, versions, counters }: Dependencies,
): HealthAnswer {
  const { state, code, message } = account.status
  const proof = guard.prove(request.headersDistinct['x-bridge-challenge']?.[0])
  const open: HealthAnswer = {
    state,
    message: [message, account.restriction, proxyNote(config), versions.problem(), deliverer.problem]
      .filter(Boolean)
      .join(' '),
    ...(code === undefined ? {} : { code }),
    ...(proof ? { proof } : {}),
  }
  if (!authorized) return open
  return {
    ...open,
    ...(account.number ? { account: account.number } : {}),
    ...(account.restriction ? { restriction: account.restriction } : {}),
    spool: spool.size,
    deadLetters: spool.deadLetterCount,
    version: VERSION,
    ...(account.version
      ? { webVersion: textOf(account.version.version), webVersionFrom: account.version.from }
      : {}),
    ...(config.proxy ? { proxy: config.proxy.host } : {}),
    counters: counters.all(),
  }
}

const proxyNote = ({ proxy }: Config): string | undefined =>
  proxy && `The way to WhatsApp leads through the proxy ${proxy.host} (HTTPS_PROXY).`
