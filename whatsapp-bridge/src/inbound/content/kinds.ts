import type { proto } from 'baileys'
import type { Content, Read } from './content.ts'
import { attachment, locationOf } from './media-fields.ts'
import { readProtocol, safeId } from './protocol.ts'
import { readCard } from './vcard.ts'
import { clip, lines, momentOf, moneyOf, numberOf, textOf, wordsOf } from './words.ts'

type Message = proto.IMessage
/** Read each field's value; `undefined`: nothing that a person wrote. */
type Readers = {
  [Field in keyof Message]?: (value: NonNullable<Message[Field]>, read: Read) => Content | undefined
}

/** The kinds that are read in their own way; all the others give their name and all their words. */
export const READERS: Readers = {
  conversation: (text) => ({ kind: 'text', ...textOf(text) }),
  extendedTextMessage: (it) => ({ kind: 'text', text: '', ...textOf(it.text) }),
  imageMessage: (it) => ({ kind: 'image', ...textOf(it.caption), ...attachment(it) }),
  videoMessage: (it) => ({ kind: 'video', ...textOf(it.caption), ...attachment(it) }),
  ptvMessage: (it) => ({ kind: 'video', ...textOf(it.caption), ...attachment(it) }),
  audioMessage: (it) => ({ kind: it.ptt ? 'voice' : 'audio', ...attachment(it) }),
  documentMessage: (it) => ({
    kind: 'document',
    ...textOf(it.caption),
    ...attachment(it, it.fileName ?? it.title),
  }),
  stickerMessage: (it) => ({ kind: 'sticker', ...textOf(it.accessibilityLabel), ...attachment(it) }),
  reactionMessage: ({ key, text }) =>
    key?.id
      ? { kind: 'reaction', reaction: clip(text ?? '', 64), reactsToMessageId: safeId(key.id) }
      : { kind: 'reaction' },
  protocolMessage: (it, read) => readProtocol(it, read),
  locationMessage: (it) => ({ kind: 'location', ...textOf(lines(it.comment, it.url)), ...locationOf(it) }),
  liveLocationMessage: (it) => ({ kind: 'live_location', ...textOf(it.caption), ...locationOf(it) }),
  contactMessage: (it) => ({ kind: 'contact', ...textOf(readCard(it.displayName, it.vcard)) }),
  contactsArrayMessage: (it) => ({
    kind: 'contacts',
    ...textOf(
      lines(it.displayName, ...(it.contacts ?? []).map((one) => readCard(one.displayName, one.vcard))),
    ),
  }),
  pollCreationMessage: (it) => poll(it),
  pollCreationMessageV2: (it) => poll(it),
  pollCreationMessageV3: (it) => poll(it),
  pollCreationMessageV5: (it) => poll(it),
  pollUpdateMessage: ({ pollCreationMessageKey }) => ({ kind: 'poll_vote', about: pollCreationMessageKey }),
  pollResultSnapshotMessage: (it) => pollResult(it),
  pollResultSnapshotMessageV3: (it) => pollResult(it),
  eventMessage: (it) => ({ kind: 'event', ...textOf(eventWords(it)) }),
  groupInviteMessage: (it) => ({
    kind: 'group_invite',
    ...textOf(lines(it.groupName, it.caption, it.inviteCode, momentOf(it.inviteExpiration))),
  }),
  orderMessage: (it) => ({ kind: 'order', ...textOf(orderWords(it)) }),
  productMessage: (it) => ({ kind: 'product', ...textOf(productWords(it)) }),
  requestPaymentMessage: (it, read) => ({
    kind: 'request_payment',
    ...textOf(lines(noteOf(it.noteMessage, read), moneyOf(it.amount1000, it.currencyCodeIso4217))),
  }),
  sendPaymentMessage: (it, read) => ({ kind: 'send_payment', ...textOf(noteOf(it.noteMessage, read)) }),
  scheduledCallCreationMessage: (it) => ({
    kind: 'scheduled_call_creation',
    ...textOf(lines(it.title, momentOf(it.scheduledTimestampMs))),
  }),
  callLogMesssage: (it) => ({
    kind: 'call_log',
    ...textOf(`${it.isVideo ? 'video' : 'voice'} call, ${numberOf(it.durationSecs)} seconds`),
  }),
  buttonsResponseMessage: (it) => chosen(it.selectedDisplayText, it.selectedButtonId),
  templateButtonReplyMessage: (it) => chosen(it.selectedDisplayText, it.selectedId),
  interactiveResponseMessage: (it) => flowAnswer(it),
  listResponseMessage: (it) => chosen(lines(it.title, it.description), it.singleSelectReply?.selectedRowId),
  commentMessage: ({ message, targetMessageKey }, read) => ({
    ...(message ? read(message) : {}),
    kind: 'comment',
    about: targetMessageKey,
  }),
  encCommentMessage: ({ targetMessageKey }) => ({ kind: 'enc_comment', about: targetMessageKey }),
  encReactionMessage: ({ targetMessageKey }) => ({ kind: 'enc_reaction', about: targetMessageKey }),
  encEventResponseMessage: ({ eventCreationMessageKey }) => ({
    kind: 'event_response',
    about: eventCreationMessageKey,
  }),
  secretEncryptedMessage: ({ targetMessageKey }) => ({ kind: 'secret_encrypted', about: targetMessageKey }),
  pinInChatMessage: ({ key, type }) => ({ kind: type === 2 ? 'unpin_in_chat' : 'pin_in_chat', about: key }),
  keepInChatMessage: ({ key, keepType }) => ({
    kind: keepType === 2 ? 'undo_keep_in_chat' : 'keep_in_chat',
    about: key,
  }),
  questionResponseMessage: ({ key, text }) => ({ kind: 'question_response', ...textOf(text), about: key }),
  statusQuestionAnswerMessage: ({ key, text }) => ({
    kind: 'status_question_answer',
    ...textOf(text),
    about: key,
  }),
}

/** Return a poll's question and its options. */
export function poll({ name, options }: proto.Message.IPollCreationMessage): Content {
  const choices = (options ?? []).map((each) => `- ${each.optionName ?? ''}`)
  return { kind: 'poll', ...textOf([name ?? '', ...choices].join('\n')) }
}

function pollResult({ name, pollVotes }: proto.Message.IPollResultSnapshotMessage): Content {
  const votes = (pollVotes ?? []).map((one) => `- ${one.optionName ?? ''}: ${numberOf(one.optionVoteCount)}`)
  return { kind: 'poll_result_snapshot', ...textOf(lines(name, ...votes)) }
}

/** Return a choice from a list or of a button: what was shown is the text, its own name stands beside it. */
const chosen = (text: string | null | undefined, id: string | null | undefined): Content => ({
  kind: 'text',
  ...textOf(text),
  ...(id ? { chosenId: clip(id, 1024) } : {}),
})

const noteOf = (note: proto.IMessage | null | undefined, read: Read): string | undefined =>
  note ? read(note)?.text : undefined

/** Return an answer of a flow or a quick reply: a quick reply names what was chosen, a flow brings a form. */
function flowAnswer({ body, nativeFlowResponseMessage }: proto.Message.IInteractiveResponseMessage): Content {
  const { paramsJson } = nativeFlowResponseMessage ?? {}
  const id = /"id"\s*:\s*"([^"\\]+)"/.exec(paramsJson ?? '')?.[1]
  return chosen(body?.text && id ? body.text : lines(body?.text, wordsOf({ paramsJson })), id)
}

/** Return what an event is called, when and where it is. */
function eventWords(it: proto.Message.IEventMessage): string {
  const { location } = it
  const where = location && [location.name, location.address].filter(Boolean).join(', ')
  const place = location?.degreesLatitude && `${location.degreesLatitude}, ${location.degreesLongitude}`
  const times = [momentOf(it.startTime), momentOf(it.endTime)].filter(Boolean).join(' – ')
  return lines(it.name, it.description, times, where, place || '', it.joinLink, it.isCanceled && 'canceled')
}

function orderWords(it: proto.Message.IOrderMessage): string {
  const total = moneyOf(it.totalAmount1000, it.totalCurrencyCode)
  const items = it.itemCount ? `${it.itemCount} items` : undefined
  return lines(it.orderTitle, it.message, [items, total].filter(Boolean).join(', '), it.orderId)
}

function productWords({ product, catalog, body, footer }: proto.Message.IProductMessage): string {
  const price = moneyOf(product?.priceAmount1000, product?.currencyCode)
  const parts = [product?.title, product?.description, price, product?.retailerId, product?.url]
  return lines(body, ...parts, catalog?.title, catalog?.description, footer)
}
