import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { HttpError } from '../http-error.ts'
import { log, reason } from '../log.ts'
import { Fields } from './fields.ts'

const LONGEST_WAIT = 60_000
const LARGEST_BODY = 256 * 1024 * 1024

/** A call of the control API. */
export class Call {
  readonly #parameters: Record<string, string>
  readonly #query: URLSearchParams
  readonly #body: unknown

  constructor(parameters: Record<string, string>, query: URLSearchParams, body: unknown) {
    this.#parameters = parameters
    this.#query = query
    this.#body = body
  }

  /** A part of the path, named in the route. */
  part(name: string): string {
    return this.#parameters[name] ?? ''
  }

  query(name: string): string | undefined {
    return this.#query.get(name) ?? undefined
  }

  /** A whole number from the query. */
  count(name: string, otherwise = 0): number {
    const value = Number(this.query(name) ?? otherwise)
    if (!Number.isInteger(value) || value < 0)
      throw new HttpError(400, `"${name}" must be a whole number, 0 or more`)
    return value
  }

  /** Return how long this call may wait, in milliseconds. */
  waitMs(name = 'wait'): number {
    return Math.min(this.count(name), LONGEST_WAIT)
  }

  body(): Fields {
    return new Fields(this.#body ?? {}, 'the body')
  }
}

/** Anything JSON; a `Buffer` is sent as bytes with `type`. */
export type Reply = object | { bytes: Buffer; type: string }
type Handler = (call: Call) => Reply | Promise<Reply>
type Route = { method: string; pattern: URLPattern; handler: Handler }

/** Find the handler of a request, and answer errors with their status. */
export class Router {
  readonly #routes: Route[] = []

  /** @param path with `:name` for parts, e.g. `/phones/:number` */
  add(method: 'GET' | 'POST' | 'DELETE', path: string, handler: Handler): void {
    this.#routes.push({ method, pattern: new URLPattern({ pathname: path }), handler })
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const reply = await this.#handle(request)
      if ('bytes' in reply && Buffer.isBuffer(reply.bytes))
        send(response, 200, reply.bytes, String(reply.type))
      else send(response, 200, JSON.stringify(reply), 'application/json')
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 500
      if (status === 500) log('a control call failed', { reason: reason(error) })
      const message = error instanceof Error ? error.message : String(error)
      send(response, status, JSON.stringify({ error: message }), 'application/json')
    }
  }

  async #handle(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const matching = this.#routes.filter(({ pattern }) => pattern.test({ pathname: url.pathname }))
    const route = matching.find(({ method }) => method === request.method)
    if (!route) {
      if (matching.length > 0) throw new HttpError(405, `${request.method} is not possible here`)
      throw new HttpError(404, `there is no ${url.pathname} in the control API`)
    }
    const parts = route.pattern.exec({ pathname: url.pathname })?.pathname.groups ?? {}
    const parameters = Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, decode(part ?? '')]),
    )
    return route.handler(new Call(parameters, url.searchParams, await json(request)))
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new HttpError(400, 'the path is not properly encoded')
  }
}

async function json(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY)
    throw new HttpError(413, 'the body is too large')
  const body = await text(request)
  if (body.trim() === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    throw new HttpError(400, 'the body is not JSON')
  }
}

function send(response: ServerResponse, status: number, body: string | Buffer, type: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
