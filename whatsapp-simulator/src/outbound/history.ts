import { deflateSync } from 'node:zlib'
import { proto, toNumber } from 'baileys'
import type { Companion } from '../accounts/companion.ts'
import type { Phone } from '../accounts/phone.ts'
import type { World } from '../world.ts'
import type { Post } from './post.ts'

export const { HistorySyncType } = proto.HistorySync
const { Type } = proto.Message.ProtocolMessage
const { PeerDataOperationRequestType: Request } = proto.Message

/** One chat of a history, by JID. */
export type Conversation = { id: string; name?: string; messages: proto.IWebMessageInfo[] }

export type Chapter = {
  type: proto.HistorySync.HistorySyncType
  conversations: Conversation[]
  progress: number
  chunk: number
  /** Push names by JID. */
  names: Record<string, string>
  /** Phone number and LID JIDs that belong together. */
  lids: { pnJid: string; lidJid: string }[]
}

/** How a history travels: inside the message, or as an encrypted file without a URL. */
export type Carrier = 'inline' | 'blob'

/** What a phone tells its linked devices of the past. */
export class History {
  readonly #world: World
  readonly #post: Post

  constructor(world: World, post: Post) {
    this.#world = world
    this.#post = post
  }

  /** Sends a chapter to all linked devices. Returns the ids of the messages that carry it. */
  async send(phone: Phone, chapter: Chapter, carrier: Carrier): Promise<string[]> {
    const ids: string[] = []
    for (const companion of phone.companions.values())
      ids.push(await this.#tell(phone, companion, chapter, carrier))
    return ids
  }

  /** What a phone sends a device that has just been linked; nothing is in it. */
  async begin(phone: Phone, companion: Companion): Promise<void> {
    const nothing = { conversations: [], progress: 100, chunk: 1, names: {}, lids: [] }
    await this.#tell(phone, companion, { type: HistorySyncType.INITIAL_BOOTSTRAP, ...nothing }, 'inline')
  }

  /** Answers what a linked device asks its phone for: older messages, or a message that came without content. */
  async requested(
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
    const chapter = { type: HistorySyncType.ON_DEMAND, progress: 100, chunk: 1, names: {}, lids: [] }
    await this.#tell(
      phone,
      from,
      { ...chapter, conversations: [{ id: chat, messages: older }] },
      'inline',
      id,
    )
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
    await this.#post.peer(phone, from, {
      protocolMessage: {
        type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
        peerDataOperationRequestResponseMessage: answer,
      },
    })
  }

  async #tell(
    phone: Phone,
    to: Companion,
    chapter: Chapter,
    carrier: Carrier,
    request?: string,
  ): Promise<string> {
    const packed = deflateSync(encode(chapter))
    const body =
      carrier === 'inline' ? { initialHistBootstrapInlinePayload: packed } : await this.#blob(packed)
    const head = { syncType: chapter.type as number, progress: chapter.progress, chunkOrder: chapter.chunk }
    const historySyncNotification = {
      ...head,
      ...body,
      ...(request !== undefined && { peerDataRequestSessionId: request }),
    }
    return this.#post.peer(phone, to, {
      protocolMessage: { type: Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification },
    })
  }

  async #blob(packed: Buffer): Promise<proto.Message.IHistorySyncNotification> {
    const { url: _none, ...file } = await this.#world.media.upload(packed, 'md-msg-hist')
    return file
  }
}

function encode({ type, conversations, progress, chunk, names, lids }: Chapter): Uint8Array {
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
