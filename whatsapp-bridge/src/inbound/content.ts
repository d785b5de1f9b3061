import { createHash } from 'node:crypto'
import type { proto } from 'baileys'
import type { InboundEvent, Media, Place } from '../contract.ts'

/** The part of an event that a message's content decides. */
export type Content = {
  kind: string
  text?: string
  /** What the media server needs; `url` is set at delivery. */
  media?: Omit<Media, 'url'>
  reaction?: string
  reactsToMessageId?: string
  edits?: string
  revokes?: string
  location?: Place
  context?: proto.IContextInfo
}

type Message = proto.IMessage
/** Read each field's value; `undefined`: nothing that a person wrote. */
type Readers = { [Field in keyof Message]?: (value: NonNullable<Message[Field]>) => Content | undefined }

const MAX_LABEL = 1024
const REVOKE = 0
const EPHEMERAL_SETTING = 3
const EDIT = 14
/** Fields that accompany the content. */
const METADATA = new Set([
  'messageContextInfo',
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
])

/** Read what a person wrote. Every kind has a name; `undefined` is protocol between devices, with nothing to read. */
export function readContent(message: Message): Content | undefined {
  const inner = unwrap(message) as Record<string, unknown>
  const fields = Object.keys(inner).filter(
    (name) => !METADATA.has(name) && (inner[name] ?? undefined) !== undefined,
  )
  const field = fields.find((name) => name in READERS) ?? fields[0]
  if (!field) return undefined
  const reader = READERS[field as keyof Message] as ((value: unknown) => Content | undefined) | undefined
  const content = reader ? reader(inner[field]) : { kind: nameOf(field) }
  return content && { ...content, ...contextOf(inner[field]) }
}

/** Remove the wrappers that only say how to show a message: disappearing, view once, caption, edited, … */
export function unwrap(message: Message, depth = 0): Message {
  for (const name of Object.keys(message)) {
    if (METADATA.has(name) || name in READERS) continue
    const inner = (message as Record<string, { message?: Message } | null>)[name]?.message
    if (inner && typeof inner === 'object' && depth < 8) return unwrap(inner, depth + 1)
  }
  return message
}

const READERS: Readers = {
  conversation: (text) => ({ kind: 'text', text }),
  extendedTextMessage: (it) => ({ kind: 'text', text: it.text ?? '' }),
  imageMessage: (it) => ({ kind: 'image', ...textOf(it.caption), ...attachment(it) }),
  videoMessage: (it) => ({ kind: 'video', ...textOf(it.caption), ...attachment(it) }),
  ptvMessage: (it) => ({ kind: 'video', ...textOf(it.caption), ...attachment(it) }),
  audioMessage: (it) => ({ kind: it.ptt ? 'voice' : 'audio', ...attachment(it) }),
  documentMessage: (it) => ({
    kind: 'document',
    ...textOf(it.caption),
    ...attachment(it, it.fileName ?? it.title),
  }),
  stickerMessage: (it) => ({ kind: 'sticker', ...attachment(it) }),
  reactionMessage: ({ key, text }) =>
    key?.id
      ? { kind: 'reaction', reaction: clip(text ?? '', 64), reactsToMessageId: safeId(key.id) }
      : { kind: 'reaction' },
  protocolMessage: (it) => readProtocol(it),
  locationMessage: (it) => ({ kind: 'location', ...locationOf(it) }),
  liveLocationMessage: (it) => ({ kind: 'live_location', ...locationOf(it) }),
  contactMessage: (it) => ({ kind: 'contact', ...textOf(it.displayName) }),
  contactsArrayMessage: (it) => ({ kind: 'contacts', ...textOf(it.displayName) }),
  pollCreationMessage: (it) => poll(it),
  pollCreationMessageV2: (it) => poll(it),
  pollCreationMessageV3: (it) => poll(it),
  pollCreationMessageV5: (it) => poll(it),
  pollUpdateMessage: () => ({ kind: 'poll_vote' }),
  eventMessage: (it) => ({ kind: 'event', ...textOf(it.name) }),
  groupInviteMessage: (it) => ({ kind: 'group_invite', ...textOf(it.groupName) }),
  buttonsMessage: (it) => ({ kind: 'buttons', ...textOf(it.contentText) }),
  listMessage: (it) => ({ kind: 'list', ...textOf(it.description ?? it.title) }),
  interactiveMessage: (it) => ({ kind: 'interactive', ...textOf(it.body?.text) }),
  templateMessage: (it) => ({ kind: 'template', ...textOf(it.hydratedTemplate?.hydratedContentText) }),
  buttonsResponseMessage: (it) => ({ kind: 'text', ...textOf(it.selectedDisplayText) }),
  templateButtonReplyMessage: (it) => ({ kind: 'text', ...textOf(it.selectedDisplayText) }),
  interactiveResponseMessage: (it) => ({ kind: 'text', ...textOf(it.body?.text) }),
  listResponseMessage: (it) => ({ kind: 'text', ...textOf(it.title) }),
}

function readProtocol(it: proto.Message.IProtocolMessage): Content | undefined {
  const target = it.key?.id
  if (it.type === REVOKE && target) return { kind: 'revoke', revokes: safeId(target) }
  if (it.type === EDIT && target) {
    const edited = it.editedMessage ? readContent(it.editedMessage) : undefined
    return { ...edited, kind: 'edit', edits: safeId(target) }
  }
  return it.type === EPHEMERAL_SETTING ? { kind: 'ephemeral_setting' } : undefined
}

function poll({ name, options }: proto.Message.IPollCreationMessage): Content {
  return {
    kind: 'poll',
    text: [name ?? '', ...(options ?? []).map((each) => `- ${each.optionName ?? ''}`)].join('\n'),
  }
}

type Attachment = {
  mimetype?: string | null
  fileLength?: number | { toNumber(): number } | null
  fileSha256?: Uint8Array | null
  seconds?: number | null
}

function attachment(it: Attachment, filename?: string | null): { media: Omit<Media, 'url'> } {
  const media: Omit<Media, 'url'> = {}
  if (it.mimetype) media.mimetype = clip(it.mimetype, MAX_LABEL)
  if (filename) media.filename = clip(filename, MAX_LABEL)
  const size = Number(it.fileLength ?? 0)
  if (Number.isSafeInteger(size) && size > 0) media.size = size
  if (it.fileSha256?.length === 32) media.sha256 = Buffer.from(it.fileSha256).toString('hex')
  if (it.seconds) media.seconds = it.seconds
  return { media }
}

function locationOf(it: proto.Message.ILocationMessage): { location?: Place } {
  const { degreesLatitude: latitude, degreesLongitude: longitude } = it
  if (!within(latitude, 90) || !within(longitude, 180)) return {}
  const location: Place = { latitude, longitude }
  if (it.name) location.name = clip(it.name, MAX_LABEL)
  if (it.address) location.address = clip(it.address, MAX_LABEL)
  return { location }
}

const within = (value: number | null | undefined, limit: number): value is number =>
  typeof value === 'number' && Math.abs(value) <= limit

const textOf = (text: string | null | undefined) => (text ? { text } : {})

function contextOf(value: unknown): { context?: proto.IContextInfo } {
  const { contextInfo } = (value ?? {}) as { contextInfo?: proto.IContextInfo | null }
  return contextInfo ? { context: contextInfo } : {}
}

/** Return the name of a kind: `pollResultSnapshotMessage` → `poll_result_snapshot`. */
const nameOf = (field: string): string =>
  field
    .replace(/Message(V\d+)?$/, '')
    .replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .slice(0, 64) || 'unknown'

/** Return a message id that the contract allows. Senders choose ids: an invalid one is replaced by its digest. */
export const safeId = (id: string): string =>
  /^[!-.0-~]{1,128}$/.test(id) ? id : `sha256.${createHash('sha256').update(id).digest('hex').slice(0, 40)}`

/** Cut to `length` UTF-16 units, never half a character. */
export const clip = (text: string, length: number): string => text.slice(0, length).toWellFormed()

/** Return the text of a quoted message. */
export function quotedText(message: Message | null | undefined): string | undefined {
  const text: InboundEvent['text'] = message ? readContent(message)?.text : undefined
  return text ? clip(text, 4096) : undefined
}
