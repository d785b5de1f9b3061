import { clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { reasonOf } from '../errors.ts'
import type { SpoolEntry } from './spool.ts'

/** The result of one delivery attempt. */
export type Outcome =
  | { kind: 'accepted' }
  /** The agent will never take this event; later ones of the chat go on. */
  | { kind: 'rejected'; status: number; reason: string }
  /** Try this chat again; other chats are not affected. */
  | { kind: 'busy'; status: number; retryAfterMs?: number }
  /** Nothing can be delivered now: the agent is down, or the address is wrong. */
  | { kind: 'unreachable'; reason: string; retryAfterMs?: number }
  /** The secret is wrong. */
  | { kind: 'forbidden' }

const TIMEOUT_MS = 30_000
const PERMANENT = new Set([400, 413, 414, 415, 422, 431])
const WRONG_ADDRESS = new Set([404, 405, 410])
const LONGEST_WAIT_MS = 3_600_000

/** Return the function that posts events to the agent. @param mediaOrigin base of the media's addresses. */
export const webhookOf =
  ({ apiUrl, secret }: Pick<Config, 'apiUrl' | 'secret'>, mediaOrigin: () => string) =>
  ({ seq, event, media }: SpoolEntry): Promise<Outcome> => {
    const attached = media ? { media: { ...event.media, url: `${mediaOrigin()}/media/${media}` } } : {}
    return post(`${apiUrl}/api/whatsapp/webhook`, secret, JSON.stringify({ ...event, ...attached, seq }))
  }

/** Post to the agent. A redirect is a failure and is never followed. */
async function post(url: string, secret: string | undefined, body: string): Promise<Outcome> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (secret) headers['x-webhook-secret'] = secret
  let response: Response
  let answer = ''
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    answer = await firstBytes(response)
  } catch (error) {
    return { kind: 'unreachable', reason: causeOf(error) }
  }
  return classify(response.status, answer, retryAfter(response.headers.get('retry-after')))
}

/** Return what the agent's HTTP answer means. */
export function classify(status: number, answer: string, retryAfterMs: number | undefined): Outcome {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status >= 200 && status < 300) return { kind: 'accepted' }
  if (status === 401 || status === 403) return { kind: 'forbidden' }
  if (PERMANENT.has(status)) return { kind: 'rejected', status, reason: answer || `HTTP ${status}` }
  if (WRONG_ADDRESS.has(status) || (status >= 300 && status < 400))
    return {
      kind: 'unreachable',
      reason: `it answered HTTP ${status}, so CLEO_API_URL seems to be wrong`,
      ...wait,
    }
  return { kind: 'busy', status, ...wait }
}

/** Parse `Retry-After` (seconds or a date). @returns milliseconds, at most an hour. */
export function retryAfter(header: string | null): number | undefined {
  if (!header) return undefined
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now()
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_WAIT_MS) : undefined
}

/** Read the answer so that the connection can be used again, at most `limit` bytes. */
async function firstBytes(response: Response, limit = 2048): Promise<string> {
  if (!response.body) return ''
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body) {
    parts.push(part)
    size += part.length
    if (size >= limit) break
  }
  return Buffer.concat(parts).subarray(0, limit).toString('utf8').toWellFormed()
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
  return (cause && 'code' in cause ? String(cause.code) : undefined) ?? reasonOf(error)
}
