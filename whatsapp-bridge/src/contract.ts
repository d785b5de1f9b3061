/** Generated from src/cleo/channels/whatsapp/bridge/contract.py by `make contract`. Do not edit. */

/**
 * Bodies between Cleo and its WhatsApp bridge. Generated: `make contract`.
 */
export interface BridgeContract {
  InboundEvent?: InboundEvent
  WebhookAnswer?: WebhookAnswer
  SendText?: SendText
  SendMedia?: SendMedia
  React?: React
  Typing?: Typing
  Read?: Read
  SendAnswer?: SendAnswer
  BridgeError?: BridgeError
  HealthAnswer?: HealthAnswer
  LinkAnswer?: LinkAnswer
  LinkByCode?: LinkByCode
  DeadLetters?: DeadLetters
}
/**
 * One thing that happened on WhatsApp; the body of `POST /api/whatsapp/webhook`.
 *
 * The fields up to `reacts_to_message_id` are the first specification's.
 */
export interface InboundEvent {
  /**
   * JID or phone number of the chat: the other person, or the group.
   */
  from: string
  messageId: string
  /**
   * Text, or the caption of `media`.
   */
  text?: string | null
  media?: Media | null
  /**
   * Unix time in milliseconds.
   */
  timestamp: number
  /**
   * Who wrote it; missing means `from`.
   */
  senderId?: string | null
  /**
   * An emoji; the empty string means that the reaction was taken back.
   */
  reaction?: string | null
  reactsToMessageId?: string | null
  /**
   * What it is, when the fields above do not say: a media kind, `location`, `poll`, `edit`, `revoke`, …
   * A kind that the agent does not know is kept under its name.
   */
  kind?: string | null
  /**
   * Which WhatsApp number of the bridge received it.
   */
  account?: string | null
  /**
   * The bridge's running number; grows in arrival order.
   */
  seq?: number | null
  /**
   * Written by the account's own phone: context, never a request.
   */
  fromMe?: boolean | null
  isGroup?: boolean | null
  /**
   * The name that the sender chose. A label, never an identity.
   */
  senderName?: string | null
  /**
   * Other verified addresses of the same sender, such as the phone JID of a LID.
   *
   * @maxItems 8
   */
  senderAliases?: string[]
  quoted?: Quoted | null
  forwarded?: boolean | null
  /**
   * It waited at WhatsApp while the bridge was away.
   */
  offline?: boolean | null
  /**
   * `text` replaces this earlier message.
   */
  edits?: string | null
  /**
   * This earlier message was deleted for everyone.
   */
  revokes?: string | null
  location?: Place | null
  /**
   * Delivery state of the messages in `receipt_for`, which Cleo sent.
   */
  receipt?: ('sent' | 'delivered' | 'read' | 'played' | 'failed') | null
  /**
   * @maxItems 1000
   */
  receiptFor?: string[]
  /**
   * Why a `failed` receipt failed.
   */
  reason?: string | null
  /**
   * People whom the text names (`@…`), or whom a change of the group is about.
   *
   * @maxItems 1024
   */
  mentions?: string[]
  /**
   * The sender's own name of the row or button that was chosen; `text` is what was shown.
   */
  chosenId?: string | null
  /**
   * What stood in the advertisement from which the person came.
   */
  referral?: string | null
}
/**
 * An attachment. `url` is fetched by the agent from the bridge's own origin, with the secret.
 */
export interface Media {
  url: string
  mimetype?: string | null
  filename?: string | null
  /**
   * Size in bytes.
   */
  size?: number | null
  sha256?: string | null
  /**
   * Length of audio or video.
   */
  seconds?: number | null
}
/**
 * The message that a person replied to.
 */
export interface Quoted {
  messageId: string
  senderId?: string | null
  text?: string | null
}
/**
 * A shared location in degrees.
 */
export interface Place {
  latitude: number
  longitude: number
  name?: string | null
  address?: string | null
}
/**
 * The agent's 200: the event is on disk.
 */
export interface WebhookAnswer {
  status: 'accepted' | 'duplicate' | 'ignored'
}
/**
 * Body of `POST /send`.
 */
export interface SendText {
  to: string
  text: string
  /**
   * Send as a reply to this message.
   */
  quoted?: Quoted | null
}
/**
 * Fields of `POST /send-media`: JSON with `url`, or multipart with a part named `file`.
 *
 * In multipart every field is a text part under its own name and stands before `file`; `quoted` is its JSON.
 */
export interface SendMedia {
  to: string
  /**
   * Missing: taken from the mimetype.
   */
  kind?: ('image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker') | null
  /**
   * Where the bridge fetches the file: only on the agent's own origin.
   */
  url?: string | null
  mimetype?: string | null
  filename?: string | null
  caption?: string | null
  seconds?: number | null
  quoted?: Quoted | null
}
/**
 * Body of `POST /react`: set Cleo's reaction on a message; an empty emoji takes it back.
 */
export interface React {
  to: string
  messageId: string
  emoji: string
  /**
   * The message was written by Cleo.
   */
  fromMe?: boolean
  /**
   * Author of the message; needed in groups.
   */
  senderId?: string | null
}
/**
 * Body of `POST /typing`.
 */
export interface Typing {
  to: string
  state?: 'composing' | 'recording' | 'paused'
}
/**
 * Body of `POST /read`: blue ticks for messages of one chat.
 */
export interface Read {
  to: string
  /**
   * @minItems 1
   * @maxItems 1000
   */
  messageIds: [string, ...string[]]
  /**
   * Author of the messages; needed in groups.
   */
  senderId?: string | null
}
/**
 * The bridge's 200: WhatsApp's server acknowledged the message.
 */
export interface SendAnswer {
  messageId: string
  timestamp?: number | null
  /**
   * The key was known: this is the first answer again, nothing was sent now.
   */
  repeated?: boolean
}
/**
 * Body of every bridge answer that is not 2xx.
 *
 * 400/404/413/415/422: it will never be sent. 401/403: the secret is wrong. 409: the key was used for
 * another body. 429/503: nothing was sent, try again after `Retry-After`. 504: it may have been sent;
 * repeat with the same key.
 */
export interface BridgeError {
  /**
   * A stable word for programs, such as `not_connected`, `no_ack`, `refused`, `bad_request`.
   */
  error: string
  /**
   * What happened and what to do, for people.
   */
  message: string
  /**
   * WhatsApp's own number for it, such as 463.
   */
  code?: number | null
}
/**
 * Answer of `GET /health`. Without the secret only `state`, `code` and `message`: no number, no QR.
 */
export interface HealthAnswer {
  state: 'starting' | 'linking' | 'connecting' | 'connected' | 'waiting' | 'stopped'
  /**
   * WhatsApp's last close code, such as 440 or 515.
   */
  code?: number | null
  /**
   * The state in one human sentence, with what to do.
   */
  message: string
  /**
   * The linked number, as a JID.
   */
  account?: string | null
  /**
   * Events that wait for the agent.
   */
  spool?: number | null
  deadLetters?: number | null
  version?: string | null
  /**
   * What happened since the bridge started, by name.
   */
  counters?: {
    [k: string]: number
  } | null
  /**
   * What WhatsApp does not let this number do now, in one sentence.
   */
  restriction?: string | null
  /**
   * The version of WhatsApp Web that the bridge names, such as `2.3000.1043857760`.
   */
  webVersion?: string | null
  /**
   * Where that version comes from.
   */
  webVersionFrom?: ('setting' | 'current' | 'last_good' | 'bundled') | null
  /**
   * Host and port of the proxy on the way to WhatsApp.
   */
  proxy?: string | null
  /**
   * Hex HMAC-SHA256 with the secret over `cleo-bridge-health:` and the request's `X-Bridge-Challenge`
   * (16–128 visible ASCII characters): this process knows the secret.
   */
  proof?: string | null
}
/**
 * Answer of `GET /link` and `POST /link`: how to link a phone right now.
 */
export interface LinkAnswer {
  state: 'linked' | 'qr' | 'code' | 'waiting' | 'stopped'
  /**
   * Text of the QR code.
   */
  qr?: string | null
  /**
   * Eight characters to type on the phone.
   */
  code?: string | null
  secondsLeft?: number | null
  message: string
}
/**
 * Body of `POST /link`: ask for a pairing code for this phone number.
 */
export interface LinkByCode {
  phone: string
}
/**
 * Answer of `GET /dead-letters`.
 */
export interface DeadLetters {
  deadLetters: DeadLetter[]
}
/**
 * An event that the agent refused for good; kept by the bridge for its owner.
 */
export interface DeadLetter {
  seq: number
  /**
   * The agent's HTTP status.
   */
  status: number
  reason: string
  at: number
  event: {
    [k: string]: unknown
  }
}
