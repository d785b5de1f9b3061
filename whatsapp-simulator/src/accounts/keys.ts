import {
  addTransactionCapability,
  BufferJSON,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStoreWithTransaction,
} from 'baileys'
import { quietLogger } from '../log.ts'

type Kind = keyof SignalDataTypeMap

/** A phone's Signal keys, in memory. */
export function memoryKeys(): SignalKeyStoreWithTransaction {
  const kinds = new Map<string, Map<string, unknown>>()
  const store = {
    get: <T extends Kind>(kind: T, ids: string[]): Record<string, SignalDataTypeMap[T]> => {
      const found: Record<string, SignalDataTypeMap[T]> = {}
      for (const id of ids) {
        const value = kinds.get(kind)?.get(id)
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    set: (data: SignalDataSet): void => {
      for (const [kind, values] of Object.entries(data)) {
        const kept = kinds.get(kind) ?? new Map<string, unknown>()
        kinds.set(kind, kept)
        for (const [id, value] of Object.entries(values)) put(kept, id, kind, value)
      }
    },
  }
  return addTransactionCapability(store, quietLogger, { maxCommitRetries: 1, delayBetweenTriesMs: 10 })
}

function put(kept: Map<string, unknown>, id: string, kind: string, value: unknown): void {
  if (value === null || value === undefined) kept.delete(id)
  else kept.set(id, kind === 'sender-key' ? readableSenderKey(value as Uint8Array) : value)
}

type SenderKeyState = { senderSigningKey: { private: { data: number[] } }; senderMessageKeys: object[] }

/**
 * Baileys 7.0.0-rc14 writes sender keys as JSON that its own reader cannot turn back into bytes, and keeps up to 2,000
 * message keys that nobody needs in the sender's own record. This writes what it can read, without them.
 */
function readableSenderKey(value: Uint8Array): Uint8Array {
  const states: SenderKeyState[] = JSON.parse(Buffer.from(value).toString())
  for (const state of states) if (state.senderSigningKey.private.data.length > 0) state.senderMessageKeys = []
  return Buffer.from(JSON.stringify(states, BufferJSON.replacer))
}
