import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pause } from '../clock.ts'
import type { FaultAction } from '../faults/faults.ts'
import { log, reason } from '../log.ts'
import type { State } from '../state.ts'
import type { Tls } from './tls.ts'

/** Start WhatsApp's media host: encrypted files are posted to `/mms/…` and fetched by path. */
export async function startMediaServer(state: State, tls: Tls): Promise<Server> {
  const server = createServer({ key: tls.key, cert: tls.certificate }, (request, response) => {
    answer(state, request, response).catch((error) => {
      log('a media request failed', { reason: reason(error) })
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.media.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return server
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/'
  const upload = request.method === 'POST'
  const body = upload ? await buffer(request) : undefined
  const action = state.faults.match(upload ? 'upload' : 'download', { subject: path })
  if (action?.do === 'withhold') return
  if (action?.do === 'delay') await pause(action.ms)
  if (action?.do === 'refuse') return end(response, action.code, '{}')
  if (body) return accepted(state, response, body)
  if (path === '/sw.js') return serviceWorker(state, response)
  const file = state.media.get(path)
  if (file) end(response, 200, damaged(file, action))
  else end(response, 404, 'not found')
}

/** The page from which clients learn the current version of WhatsApp Web. */
function serviceWorker({ webVersion }: State, response: ServerResponse): void {
  if (webVersion.current === undefined) end(response, 404, 'not found')
  else end(response, 200, `self.x={"client_revision":${webVersion.current}}`)
}

function accepted(state: State, response: ServerResponse, body: Buffer): void {
  const path = state.media.put(body)
  response.setHeader('content-type', 'application/json')
  end(response, 200, JSON.stringify({ url: state.media.urlOf(path), direct_path: path }))
}

function damaged(file: Buffer, action: FaultAction | undefined): Buffer {
  if (action?.do === 'truncate') return file.subarray(0, Math.floor(file.length / 2))
  if (action?.do !== 'corrupt') return file
  const copy = Buffer.from(file)
  const middle = Math.floor(copy.length / 2)
  copy[middle] = (copy[middle] ?? 0) ^ 0xff
  return copy
}

function end(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status)
  response.end(body)
}
