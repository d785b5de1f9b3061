import { createHash, randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tooLarge } from './http/body.ts'

/** A file on our disk; `remove` it after use. */
export type TemporaryFile = { path: string; size: number /** hex */; sha256: string; remove(): Promise<void> }

/** Write a stream to a new file with a random name. @throws {HttpError} 413 beyond `limit`, and removes the file. */
export async function writeTemporaryFile(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  limit: number,
): Promise<TemporaryFile> {
  const path = join(directory, randomUUID())
  const remove = () => rm(path, { force: true })
  const hash = createHash('sha256')
  let size = 0
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const part of source) {
      size += part.length
      if (size > limit) throw tooLarge(limit)
      hash.update(part)
      await file.writeFile(part)
    }
  } catch (error) {
    await file.close()
    await remove()
    throw error
  }
  await file.close()
  return { path, size, sha256: hash.digest('hex'), remove }
}
