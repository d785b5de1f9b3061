import { deflateSync } from 'node:zlib'
import { proto, toNumber } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import type { State } from '../state.ts'
import type { Outbound } from './outbound.ts'

export const { HistorySyncType } = proto.HistorySync
const { Type } = proto.Message.ProtocolMessage
const { PeerDataOperationRequestType: Request } = proto.Message

/** One chat of a history, by JID. */
export type Conversation = { id: string; name?: string; messages: proto.IWebMessageInfo[] }

export type HistorySync = {
  type: proto.HistorySync.HistorySyncType
  conversations: Conversation[]
  progress: number
  chunk: number
  /** Push names by JID. */
  names: Record<string, string>
  /** Phone number and LID JIDs that belong together. */
  lids: { pnJid: string; lidJid: string }[]
}

/** How a history is sent: inside the message, or as an encrypted file without a URL. */
export type Transport = 'inline' | 'blob'

/** Send a phone's history to its linked devices. */
export class History {
  readonly #state: State
  readonly #outbound: Outbound

  constructor(state: State, outbound: Outbound) {
    this.#state = state
    this.#outbound = outbound
  }

  /** Send a history to all linked devices. @returns the ids of the messages that carry it. */
  async send(phone: Phone, sync: HistorySync, transport: Transport): Promise<string[]> {
    const ids: string[] = []
    for (const companion of phone.companions.values())
      ids.push(await this.#sendTo(phone, companion, sync, transport))
    return ids
  }

  /** Send the empty history that a phone sends to a newly linked device. */
  async sendInitial(phone: Phone, companion: Companion): Promise<void> {
    const nothing = { conversations: [], progress: 100, chunk: 1, names: {}, lids: [] }
    await this.#sendTo(phone, companion, { type: HistorySyncType.INITIAL_BOOTSTRAP, ...nothing }, 'inline')
  }

  /** Answer a linked device's request: for older messages, or for a message that came without content. */
  async onRequest(
    phone: Phone,
    from: Companion,
    id: string,
    request: proto.Message.IPeerDataOperationRequestMessage,
  ): Promise<void> {
    const type = request.peerDataOperationRequestType
    if (type === Request.HISTORY_SYNC_ON_DEMAND && request.historySyncOnDemandRequest)
      await this.#older(phone, from, id, request.historySyncOnDemandRequest)
    if (type === Request.PLACEHOLDER_MESSAGE_RESEND)
      await this.#placeholders(phone, from, id, request.placeholderMessageResendRequest ?? [])
  }

  async #older(
    phone: Phone,
    from: Companion,
    id: string,
    asked: proto.Message.PeerDataOperationRequestMessage.IHistorySyncOnDemandRequest,
  ): Promise<void> {
    const chat = asked.chatJid ?? ''
    const before = Number(toNumber(asked.oldestMsgTimestampMs))
    const older = (phone.archive.get(chat) ?? [])
      .filter((message) => Number(toNumber(message.messageTimestamp)) * 1000 < before)
      .sort((a, b) => Number(toNumber(b.messageTimestamp)) - Number(toNumber(a.messageTimestamp)))
      .slice(0, asked.onDemandMsgCount ?? 50)
    const sync = { type: HistorySyncType.ON_DEMAND, progress: 100, chunk: 1, names: {}, lids: [] }
    await this.#sendTo(phone, from, { ...sync, conversations: [{ id: chat, messages: older }] }, 'inline', id)
  }

  async #placeholders(
    phone: Phone,
    from: Companion,
    stanzaId: string,
    asked: proto.Message.PeerDataOperationRequestMessage.IPlaceholderMessageResendRequest[],
  ): Promise<void> {
    const peerDataOperationResult = asked.map(({ messageKey }) => {
      const message = phone.mailbox.find(messageKey?.id ?? '')?.message
      const found = message && proto.WebMessageInfo.encode({ key: messageKey ?? {}, message }).finish()
      return found ? { placeholderMessageResendResponse: { webMessageInfoBytes: found } } : {}
    })
    const peerDataOperationRequestType = Request.PLACEHOLDER_MESSAGE_RESEND
    const answer = { peerDataOperationRequestType, stanzaId, peerDataOperationResult }
    await this.#outbound.peer(phone, from, {
      protocolMessage: {
        type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
        peerDataOperationRequestResponseMessage: answer,
      },
    })
  }

  async #sendTo(
    phone: Phone,
    to: Companion,
    sync: HistorySync,
    transport: Transport,
    request?: string,
  ): Promise<string> {
    const packed = deflateSync(encode(sync))
    const body =
      transport === 'inline' ? { initialHistBootstrapInlinePayload: packed } : await this.#blob(packed)
    const head = { syncType: sync.type as number, progress: sync.progress, chunkOrder: sync.chunk }
    const historySyncNotification = {
      ...head,
      ...body,
      ...(request !== undefined && { peerDataRequestSessionId: request }),
    }
    return this.#outbound.peer(phone, to, {
      protocolMessage: { type: Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification },
    })
  }

  async #blob(packed: Buffer): Promise<proto.Message.IHistorySyncNotification> {
    const { url: _none, ...file } = await this.#state.media.upload(packed, 'md-msg-hist')
    return file
  }
}

function encode({ type, conversations, progress, chunk, names, lids }: HistorySync): Uint8Array {
  const pushnames = Object.entries(names).map(([id, pushname]) => ({ id, pushname }))
  const chats = conversations.map(({ messages, ...chat }) => ({
    ...chat,
    messages: messages.map((message) => ({ message })),
  }))
  const whole = {
    syncType: type,
    conversations: chats,
    progress,
    chunkOrder: chunk,
    pushnames,
    phoneNumberToLidMappings: lids,
  }
  return proto.HistorySync.encode(whole).finish()
}
