import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { BridgeError } from '../contract.ts'
import { HttpError, reasonOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Guard } from './guard.ts'

/** One request and its response. */
export type RequestContext = {
  request: IncomingMessage
  response: ServerResponse
  /** What the route's `:id` matched. */
  parameter: string
  /** The request carries the secret, or none is set. */
  authorized: boolean
}

/** What a handler returns: a JSON body, or nothing when it has written the response itself. */
type Body = object | undefined

/** `'POST /send'` or `'GET /media/:id'` → handler. */
export type Routes = Record<string, (context: RequestContext) => Body | Promise<Body>>

/** The agent needs a few dozen at most. */
const MAX_CONNECTIONS = 256

/** The only route that needs no secret. */
const PUBLIC_ROUTE = 'GET /health'

/** Serve the routes on `node:http`. The secret is checked before a byte of the body is read. */
export class HttpServer {
  readonly #server: Server
  readonly #guard: Guard
  readonly #routes: Routes
  readonly #log: Log
  /** Connections, and how many requests each is being answered; the longest silent first. */
  readonly #connections = new Map<Socket, number>()

  constructor(guard: Guard, routes: Routes, log: Log) {
    this.#guard = guard
    this.#routes = routes
    this.#log = log
    this.#server = createServer({
      requestTimeout: 120_000,
      headersTimeout: 10_000,
      keepAliveTimeout: 30_000,
      connectionsCheckingInterval: 2_000,
    })
    this.#server.on('connection', (socket: Socket) => this.#limit(socket))
    this.#server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response),
    )
  }

  /** Start listening. @returns the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** Take no new requests; with `force` also end those under way. */
  close(force: boolean): void {
    this.#server.close()
    this.#server.closeIdleConnections()
    if (force) this.#server.closeAllConnections()
  }

  /** Make room for a new connection: the one goes that has asked for nothing for the longest time. */
  #limit(socket: Socket): void {
    this.#connections.set(socket, 0)
    socket.once('close', () => this.#connections.delete(socket))
    if (this.#connections.size <= MAX_CONNECTIONS) return
    const silent = [...this.#connections].find(([, requests]) => requests === 0)?.[0]
    silent?.destroy()
  }

  /** Note that a request begins or ends on a connection, which is the latest to fall silent then. */
  #count(socket: Socket, change: 1 | -1): void {
    const requests = this.#connections.get(socket)
    if (requests === undefined) return
    this.#connections.delete(socket)
    this.#connections.set(socket, requests + change)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    this.#count(socket, 1)
    response.once('close', () => this.#count(socket, -1))
    try {
      const body = await this.#handle(request, response)
      if (body) sendJson(response, 200, body)
    } catch (error) {
      this.#sendError(request, response, error)
    }
  }

  #handle(request: IncomingMessage, response: ServerResponse): Body | Promise<Body> {
    const method = request.method ?? ''
    const path = (request.url ?? '').split('?')[0] ?? ''
    this.#guard.checkOrigin(request)
    if (`${method} ${path}` !== PUBLIC_ROUTE) this.#guard.checkSecret(request)
    const { handler, parameter } = this.#find(method, path)
    return handler({ request, response, parameter, authorized: this.#guard.hasSecret(request) })
  }

  #find(method: string, path: string) {
    const [, head, parameter = '', ...rest] = path.split('/')
    const exact = this.#routes[`${method} ${path}`]
    const handler = exact ?? (parameter && !rest.length ? this.#routes[`${method} /${head}/:id`] : undefined)
    if (handler) return { handler, parameter }
    if (Object.keys(this.#routes).some((route) => route.endsWith(` ${path}`)))
      throw new HttpError(
        405,
        'method_not_allowed',
        `${path} does not take ${method}. See GET /openapi.json.`,
      )
    throw new HttpError(404, 'not_found', `There is no ${method} ${path} here. See GET /openapi.json.`)
  }

  #sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (request.destroyed && !response.writable) return
    const httpError = error instanceof HttpError ? error : this.#unexpected(error)
    if (response.headersSent) return void response.destroy()
    const body: BridgeError = { error: httpError.error, message: httpError.message }
    if (httpError.code !== undefined) body.code = httpError.code
    if (httpError.retryAfter !== undefined) response.setHeader('retry-after', String(httpError.retryAfter))
    if (!request.complete) response.setHeader('connection', 'close')
    sendJson(response, httpError.status, body)
    if (!request.complete) response.once('finish', () => request.destroy())
  }

  #unexpected(error: unknown): HttpError {
    this.#log.error({ reason: reasonOf(error) }, 'a request failed')
    return new HttpError(500, 'internal', 'The bridge failed at this request; its log says why. Try again.', {
      retryAfter: 5,
    })
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(bytes)
}
