import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pause } from '../clock.ts'
import type { Deed } from '../faults/faults.ts'
import { log, reason } from '../log.ts'
import type { World } from '../world.ts'
import type { Tls } from './tls.ts'

/** Starts WhatsApp's media host: encrypted files are posted to `/mms/…` and fetched by path. */
export async function startMediaServer(world: World, tls: Tls): Promise<Server> {
  const server = createServer({ key: tls.key, cert: tls.certificate }, (request, response) => {
    answer(world, request, response).catch((error) => {
      log('a media request failed', { reason: reason(error) })
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  world.media.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return server
}

async function answer(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/'
  const upload = request.method === 'POST'
  const body = upload ? await buffer(request) : undefined
  const deed = world.faults.strike(upload ? 'upload' : 'download', { subject: path })
  if (deed?.do === 'withhold') return
  if (deed?.do === 'delay') await pause(deed.ms)
  if (deed?.do === 'refuse') return end(response, deed.code, '{}')
  if (body) return accepted(world, response, body)
  const file = world.media.get(path)
  if (file) end(response, 200, damaged(file, deed))
  else end(response, 404, 'not found')
}

function accepted(world: World, response: ServerResponse, body: Buffer): void {
  const path = world.media.put(body)
  response.setHeader('content-type', 'application/json')
  end(response, 200, JSON.stringify({ url: world.media.urlOf(path), direct_path: path }))
}

function damaged(file: Buffer, deed: Deed | undefined): Buffer {
  if (deed?.do === 'truncate') return file.subarray(0, Math.floor(file.length / 2))
  if (deed?.do !== 'corrupt') return file
  const copy = Buffer.from(file)
  const middle = Math.floor(copy.length / 2)
  copy[middle] = (copy[middle] ?? 0) ^ 0xff
  return copy
}

function end(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status)
  response.end(body)
}
