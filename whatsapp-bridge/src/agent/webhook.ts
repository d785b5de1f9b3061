import { clock } from '../clock.ts'
import { reasonOf } from '../errors.ts'

/** What became of one delivery to the agent. */
export type Outcome =
  | { kind: 'accepted' }
  /** The agent will never take this one; its neighbours go on. */
  | { kind: 'refused'; status: number; reason: string }
  /** Try this chat again; other chats are not affected. */
  | { kind: 'busy'; status: number; afterMs?: number }
  /** Nobody can be delivered now: the agent is away, or the address is wrong. */
  | { kind: 'away'; reason: string; afterMs?: number }
  /** The secret is wrong. */
  | { kind: 'forbidden' }

const TIMEOUT_MS = 30_000
const PERMANENT = new Set([400, 413, 414, 415, 422, 431])
const WRONG_ADDRESS = new Set([404, 405, 410])
const LONGEST_WAIT_MS = 3_600_000

/** Posts one event to the agent. A redirect is a failure and is never followed. */
export async function post(url: string, secret: string | undefined, body: string): Promise<Outcome> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (secret) headers['x-webhook-secret'] = secret
  let response: Response
  let answer = ''
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    answer = await firstBytes(response)
  } catch (error) {
    return { kind: 'away', reason: causeOf(error) }
  }
  return classify(response.status, answer, retryAfter(response.headers.get('retry-after')))
}

/** Which of the agent's answers means what. */
export function classify(status: number, answer: string, afterMs: number | undefined): Outcome {
  const wait = afterMs === undefined ? {} : { afterMs }
  if (status >= 200 && status < 300) return { kind: 'accepted' }
  if (status === 401 || status === 403) return { kind: 'forbidden' }
  if (PERMANENT.has(status)) return { kind: 'refused', status, reason: answer || `HTTP ${status}` }
  if (WRONG_ADDRESS.has(status) || (status >= 300 && status < 400))
    return { kind: 'away', reason: `it answered HTTP ${status}, so CLEO_API_URL seems to be wrong`, ...wait }
  return { kind: 'busy', status, ...wait }
}

/** `Retry-After` in milliseconds: seconds or a date, at most an hour. */
export function retryAfter(header: string | null): number | undefined {
  if (!header) return undefined
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now()
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST_WAIT_MS) : undefined
}

/** Reads the answer so that the connection can be used again, but never a long one. */
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
