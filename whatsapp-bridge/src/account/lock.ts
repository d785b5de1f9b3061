import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DataError } from '../errors.ts'

/**
 * Lock a data directory for this process: two sockets on one WhatsApp identity replace each other endlessly (close
 * code 440). The operating system drops the lock with the process, kill -9 included.
 *
 * @throws {DataError} when another process owns it.
 */
export function lockDirectory(directory: string): { release(): void } {
  const lock = new DatabaseSync(join(directory, 'owner.lock'), { timeout: 0 })
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch {
    lock.close()
    throw new DataError(
      `Another whatsapp-bridge already works in ${directory}. One WhatsApp account has one bridge: stop the other ` +
        'one, or give this one its own directory (WHATSAPP_BRIDGE_DATA=.cleo/second) and its own number.',
    )
  }
  return { release: () => lock.close() }
}
