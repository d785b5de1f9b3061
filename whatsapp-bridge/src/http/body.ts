import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.ts'

const MAX_JSON_BYTES = 1024 * 1024
const READ_TIMEOUT_MS = 10_000

/** Return the mimetype of a request, without parameters. */
export const mimetypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

/** Read a JSON body. @throws {HttpError} 400, 408, 413, 415 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (mimetypeOf(request) !== 'application/json')
    throw new HttpError(
      415,
      'unsupported_media_type',
      'The body must be JSON, with the header Content-Type: application/json.',
    )
  const bytes = await readBytes(request, MAX_JSON_BYTES)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new HttpError(400, 'bad_request', 'The body is not valid JSON in UTF-8.')
  }
}

/** Check the announced size. @throws {HttpError} 413, 415 before anything is read */
export function checkSize(request: IncomingMessage, limit: number): void {
  if (request.headers['content-encoding'])
    throw new HttpError(415, 'unsupported_media_type', 'Compressed bodies are not accepted.')
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
}

export const tooLarge = (limit: number): HttpError =>
  new HttpError(413, 'too_large', `The body is larger than ${limit} bytes, the most that is accepted here.`)

async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  checkSize(request, limit)
  const timer = setTimeout(() => request.destroy(new Error('too slow')), READ_TIMEOUT_MS)
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size > limit) throw tooLarge(limit)
      parts.push(part)
    }
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(parts)
}
