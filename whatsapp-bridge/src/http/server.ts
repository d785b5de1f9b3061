import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BridgeError } from '../contract.ts'
import { Refusal, reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Guard } from './guard.ts'

/** One request on its way to an answer. */
export type Exchange = {
  request: IncomingMessage
  response: ServerResponse
  /** What the route's `:name` matched. */
  parameter: string
  /** The request carries the secret, or none is set. */
  trusted: boolean
}

/** What a handler answers with: a JSON body, or nothing when it has answered itself. */
type Answer = object | undefined

/** `'POST /send'` or `'GET /media/:id'` → handler. */
export type Routes = Record<string, (exchange: Exchange) => Answer | Promise<Answer>>

/** The only route that strangers may see. */
const OPEN_ROUTE = 'GET /health'

/** A small router on `node:http`. The secret is checked before a byte of the body is read. */
export class HttpServer {
  readonly #server: Server
  readonly #guard: Guard
  readonly #routes: Routes
  readonly #log: Log

  constructor(guard: Guard, routes: Routes, log: Log) {
    this.#guard = guard
    this.#routes = routes
    this.#log = log
    this.#server = createServer({ requestTimeout: 120_000, headersTimeout: 10_000, keepAliveTimeout: 30_000 })
    this.#server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response),
    )
  }

  /** @returns the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** Takes no new requests; `force` also ends those under way. */
  close(force: boolean): void {
    this.#server.close()
    this.#server.closeIdleConnections()
    if (force) this.#server.closeAllConnections()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answer(request, response)
      if (answer) reply(response, 200, answer)
    } catch (error) {
      this.#refuse(request, response, error)
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): Answer | Promise<Answer> {
    const method = request.method ?? ''
    const path = (request.url ?? '').split('?')[0] ?? ''
    this.#guard.checkOrigin(request)
    if (`${method} ${path}` !== OPEN_ROUTE) this.#guard.checkSecret(request)
    const { handler, parameter } = this.#find(method, path)
    return handler({ request, response, parameter, trusted: this.#guard.knows(request) })
  }

  #find(method: string, path: string) {
    const [, head, parameter = '', ...rest] = path.split('/')
    const exact = this.#routes[`${method} ${path}`]
    const handler = exact ?? (parameter && !rest.length ? this.#routes[`${method} /${head}/:id`] : undefined)
    if (handler) return { handler, parameter }
    const others = Object.keys(this.#routes).some((route) => route.endsWith(` ${path}`))
    if (others)
      throw new Refusal(405, 'method_not_allowed', `${path} does not take ${method}. See GET /openapi.json.`)
    throw new Refusal(404, 'not_found', `There is no ${method} ${path} here. See GET /openapi.json.`)
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (request.destroyed && !response.writable) return
    const refusal = error instanceof Refusal ? error : this.#unexpected(error)
    if (response.headersSent) return void response.destroy()
    const body: BridgeError = { error: refusal.word, message: refusal.message }
    if (refusal.code !== undefined) body.code = refusal.code
    if (refusal.retryAfter !== undefined) response.setHeader('retry-after', String(refusal.retryAfter))
    if (!request.complete) response.setHeader('connection', 'close')
    reply(response, refusal.status, body)
    if (!request.complete) response.once('finish', () => request.destroy())
  }

  #unexpected(error: unknown): Refusal {
    this.#log.error({ reason: reasonOf(error) }, 'a request failed')
    return new Refusal(500, 'internal', 'The bridge failed at this request; its log says why. Try again.', {
      retryAfter: 5,
    })
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(bytes)
}
