import {
  type AuthenticationCreds,
  type BaileysEventMap,
  type BinaryNode,
  type ConnectionState,
  S_WHATSAPP_NET,
  type WAMessage,
  type WASocket,
} from 'baileys'
import type { Counters } from '../counters.ts'

/** What happens with the events that are more than counted. */
export type EventHandlers = {
  connection(update: Partial<ConnectionState>): void
  credentials(update: Partial<AuthenticationCreds>): void
  messages(messages: WAMessage[]): void
  /** A group's members or settings have changed. */
  groupChanged(id: string): void
  /** WhatsApp limits how many new chats the account may start. */
  capping(limit: BaileysEventMap['message-capping.update']): void
  /** Called for every stanza, first. */
  stanza(): void
  /** Called before Baileys decrypts the message. */
  message(stanza: BinaryNode): void
  /** Called before Baileys acknowledges the receipt. @returns `false` when there is nothing to tell. */
  receipt(stanza: BinaryNode): unknown
  /** WhatsApp's server has answered a send. */
  ack(stanza: BinaryNode): void
  /** A group has changed, or linking goes on. @returns `false` when Baileys does all that there is to do. */
  notification(stanza: BinaryNode): unknown
  /** A call rings or ends. @returns `false` when there is nothing to tell. */
  call(stanza: BinaryNode): unknown
  /** A login has succeeded. @returns `false` when it may. */
  success(stanza: BinaryNode): unknown
  /** An answer to a query, or a step of linking. @returns `false` when Baileys does all that there is to do. */
  iq(stanza: BinaryNode): unknown
  /** A stanza waits for an acknowledgement that Baileys does not give. */
  acknowledge(stanza: BinaryNode): void
}

/** The way to a handler, which may return that there was nothing for it; or the reason why an event is only counted. */
type Entry<T> = ((payload: T, handlers: EventHandlers) => unknown) | string

const CHANNELS = 'Channels are no messages to this account.'
const CHATS = 'The agent keeps its own conversations.'
const CONTACTS = 'The sender’s name comes with each message.'
const HISTORY = 'Messages from before the link are not delivered.'
const LABELS = 'Labels of WhatsApp Business are the phone’s.'
const AS_MESSAGE = 'It comes as a message as well.'
const RECEIPTS = 'Receipts are read from their stanzas, before they are acknowledged.'
const SETTINGS = 'The phone’s settings change nothing here.'

/** Every event of Baileys; the compiler names one that is missing. */
export const BAILEYS_EVENTS = {
  'connection.update': (update, handlers) => handlers.connection(update),
  'creds.update': (update, handlers) => handlers.credentials(update),
  'messages.upsert': ({ messages }, handlers) => handlers.messages(messages),
  'groups.update': (groups, handlers) => {
    for (const { id } of groups) if (id) handlers.groupChanged(id)
  },
  'group-participants.update': ({ id }, handlers) => handlers.groupChanged(id),
  'groups.upsert': 'A group’s metadata is fetched when the first message goes there.',
  'group.join-request': AS_MESSAGE,
  'group.member-tag.update': 'A member’s tag says nothing to the agent.',
  'messaging-history.set': HISTORY,
  'messaging-history.status': HISTORY,
  'messages.delete': 'Deleted on the own phone only; what is revoked for everyone comes as a message.',
  'messages.update': RECEIPTS,
  'messages.media-update': 'The download that asked for a new upload waits for it itself.',
  'messages.reaction': AS_MESSAGE,
  'message-receipt.update': RECEIPTS,
  'message-capping.update': (limit, handlers) => handlers.capping(limit),
  'lid-mapping.update': 'Baileys stores the pair among the keys.',
  'chats.upsert': CHATS,
  'chats.update': CHATS,
  'chats.delete': CHATS,
  'chats.lock': CHATS,
  'contacts.upsert': CONTACTS,
  'contacts.update': CONTACTS,
  'presence.update': 'The agent answers messages, not typing.',
  'blocklist.set': SETTINGS,
  'blocklist.update': SETTINGS,
  'settings.update': SETTINGS,
  call: 'A missed call comes as a message, or is read from its stanza; a ringing one is the phone’s.',
  'labels.edit': LABELS,
  'labels.association': LABELS,
  'newsletter.reaction': CHANNELS,
  'newsletter.view': CHANNELS,
  'newsletter-participants.update': CHANNELS,
  'newsletter-settings.update': CHANNELS,
} satisfies { [Name in keyof BaileysEventMap]: Entry<BaileysEventMap[Name]> }

const BY_BAILEYS = 'Baileys deals with it.'
const CONNECTION = 'Baileys turns it into connection.update.'
const IN_THE_APP = 'It is about something that only WhatsApp’s apps show.'

/** Every kind of stanza that WhatsApp's server sends: the tag, with the type where a tag has several. */
export const STANZAS: Record<string, Entry<BinaryNode>> = {
  message: (stanza, handlers) => handlers.message(stanza),
  receipt: (stanza, handlers) => handlers.receipt(stanza),
  'ack message': (stanza, handlers) => handlers.ack(stanza),
  ack: 'It confirms a receipt or a notification.',
  call: (stanza, handlers) => handlers.call(stanza),
  chatstate: 'Baileys turns it into presence.update.',
  presence: 'Baileys turns it into presence.update.',
  appdata: 'Baileys fetches changes of the app state by itself.',
  status: 'It is about status updates, which are no messages to this account.',
  error: 'It names a stanza that WhatsApp could not read; the sender’s timeout deals with it.',
  iq: (stanza, handlers) => handlers.iq(stanza),
  success: (stanza, handlers) => handlers.success(stanza),
  failure: CONNECTION,
  'stream:error': CONNECTION,
  xmlstreamend: CONNECTION,
  'ib downgrade_webclient': CONNECTION,
  'ib offline': 'Baileys emits its buffered events: what waited at WhatsApp is complete.',
  'ib offline_preview': BY_BAILEYS,
  'ib dirty': BY_BAILEYS,
  'ib edge_routing': BY_BAILEYS,
  'ib client_expiration': 'A version that is too old is refused at login (405).',
  'ib thread_metadata': IN_THE_APP,
  ib: 'News about the connection of a type that this list does not have.',
  // most of them Baileys turns into events of groups, and into a message
  'notification w:gp2': (stanza, handlers) => handlers.notification(stanza),
  'notification encrypt': 'Baileys uploads prekeys, or forgets the sessions of a changed identity.',
  'notification devices': BY_BAILEYS,
  'notification fbid:devices': 'Devices of Facebook accounts are not written to.',
  'notification account_sync': BY_BAILEYS,
  'notification server_sync': BY_BAILEYS,
  'notification privacy_token': BY_BAILEYS,
  // steps of linking; those that Baileys knows are its own
  'notification link_code_companion_reg': (stanza, handlers) => handlers.notification(stanza),
  'notification companion_reg_refresh': (stanza, handlers) => handlers.notification(stanza),
  'notification passkey_prologue_request': (stanza, handlers) => handlers.notification(stanza),
  'notification crsc_continuation': (stanza, handlers) => handlers.notification(stanza),
  'notification mediaretry': 'Baileys turns it into messages.media-update.',
  'notification mex': 'Baileys turns it into events of channels and limits.',
  'notification newsletter': CHANNELS,
  'notification picture': IN_THE_APP,
  'notification status': IN_THE_APP,
  'notification contacts': CONTACTS,
  'notification disappearing_mode': SETTINGS,
  'notification business': IN_THE_APP,
  'notification pay': IN_THE_APP,
  'notification psa': IN_THE_APP,
  'notification registration': IN_THE_APP,
  'notification server': IN_THE_APP,
  'notification w:growth': IN_THE_APP,
  notification: 'A notification of a type that this list does not have.',
}

/** Stanzas that come from somebody. */
const ADDRESSED = new Set(['message', 'receipt', 'notification', 'call'])
/** Stanzas that Baileys acknowledges, or that nobody does; what else has an id comes again at each login until then. */
const SETTLED = new Set([
  ...ADDRESSED,
  ...['ack', 'iq', 'ib', 'success', 'failure', 'error', 'presence', 'chatstate'],
  ...['stream:error', 'stream:features', 'xmlstreamend'],
])

/** Bring a socket's events and stanzas to their handlers, and count the others as `event.…` and `stanza.…`. */
export function listen(
  socket: Pick<WASocket, 'ev' | 'ws'>,
  handlers: EventHandlers,
  counters: Counters,
): void {
  for (const name of Object.keys(BAILEYS_EVENTS) as (keyof BaileysEventMap)[]) {
    const entry = BAILEYS_EVENTS[name] as Entry<BaileysEventMap[typeof name]>
    socket.ev.on(name, (payload) => dispatch(entry, payload, `event.${name}`))
  }
  // before Baileys' own listeners: it emits the frame first, and the stanza by its tag afterwards
  socket.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
    if (frame instanceof Uint8Array) return // the handshake
    handlers.stanza()
    if (ADDRESSED.has(frame.tag)) frame.attrs.from ??= S_WHATSAPP_NET // Baileys cannot do without
    if (!SETTLED.has(frame.tag) && frame.attrs.id) handlers.acknowledge(frame)
    const kind = [kindOf(frame), frame.tag].find((each) => Object.hasOwn(STANZAS, each))
    dispatch(STANZAS[kind ?? ''] ?? '', frame, `stanza.${kind ?? 'unknown'}`)
  })

  function dispatch<T>(entry: Entry<T>, payload: T, counter: string): void {
    if (typeof entry === 'string' || entry(payload, handlers) === false) counters.add(counter)
  }
}

/** Return a stanza's kind, as the list above names it. */
function kindOf({ tag, attrs, content }: BinaryNode): string {
  const child = Array.isArray(content) ? content[0]?.tag : undefined
  const type = { ack: attrs.class, ib: child, notification: attrs.type }[tag]
  return type ? `${tag} ${type}` : tag
}
