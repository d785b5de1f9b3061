import { createHash } from 'node:crypto'
import { proto } from 'baileys'
import type { Content, Read } from './content.ts'
import { numberOf, textOf, wordsOf } from './words.ts'

const { Type } = proto.Message.ProtocolMessage

/** What devices of one account, or the server and a device, say to each other: nobody wrote it. */
const BETWEEN_DEVICES = new Set<number>([
  Type.EPHEMERAL_SYNC_RESPONSE,
  Type.HISTORY_SYNC_NOTIFICATION,
  Type.APP_STATE_SYNC_KEY_SHARE,
  Type.APP_STATE_SYNC_KEY_REQUEST,
  Type.MSG_FANOUT_BACKFILL_REQUEST,
  Type.INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC,
  Type.APP_STATE_FATAL_EXCEPTION_NOTIFICATION,
  Type.PEER_DATA_OPERATION_REQUEST_MESSAGE,
  Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
  Type.MEDIA_NOTIFY_MESSAGE,
  Type.CLOUD_API_THREAD_CONTROL_NOTIFICATION,
  Type.LID_MIGRATION_MAPPING_SYNC,
  Type.AI_PSI_METADATA,
])

/** Read a change of another message or of the chat; `undefined`: protocol between devices. */
export function readProtocol(it: proto.Message.IProtocolMessage, read: Read): Content | undefined {
  const type = it.type ?? Type.REVOKE
  const target = it.key?.id
  if (type === Type.REVOKE) return target ? { kind: 'revoke', revokes: safeId(target) } : undefined
  if (type === Type.MESSAGE_EDIT && target) {
    const edited = it.editedMessage ? read(it.editedMessage) : undefined
    return { ...edited, kind: 'edit', edits: safeId(target) }
  }
  if (type === Type.EPHEMERAL_SETTING)
    return { kind: 'ephemeral_setting', text: timer(numberOf(it.ephemeralExpiration)) }
  if (BETWEEN_DEVICES.has(type)) return undefined
  return { kind: nameOfType(type), ...textOf(wordsOf({ ...it, key: null, invokerJid: null })) }
}

const timer = (seconds: number): string => (seconds > 0 ? `${seconds} seconds` : 'off')

const nameOfType = (type: number): string =>
  (Type[type] ?? `protocol_${type}`).toLowerCase().replace(/_message$/, '')

/** Return a message id that the contract allows. Senders choose ids: an invalid one is replaced by its digest. */
export const safeId = (id: string): string =>
  /^[!-.0-~]{1,128}$/.test(id) ? id : `sha256.${createHash('sha256').update(id).digest('hex').slice(0, 40)}`
