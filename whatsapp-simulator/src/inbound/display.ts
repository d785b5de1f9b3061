import { normalizeMessageContent, type proto } from 'baileys'
import type { Phone } from '../accounts/phone.ts'
import { reason } from '../log.ts'
import { readVote } from '../outbound/polls.ts'
import type { State } from '../state.ts'
import type { Arrival, ShownMessage } from './mailbox.ts'
import { attachmentOf, optionsOf, pollOf, summarize } from './summary.ts'

/** Show a readable message on a phone, with its file and its vote. @returns whether it is new. */
export async function showMessage(
  phone: Phone,
  arrival: Arrival & { message: proto.IMessage },
  state: State,
): Promise<boolean> {
  if (phone.mailbox.has(arrival)) return phone.mailbox.show(arrival, summarize(arrival.message))
  rememberPoll(phone, arrival.from, arrival.id, arrival.message)
  return phone.mailbox.show(arrival, await render(phone, arrival, state))
}

/** Remember what is needed to vote in a poll, or to read the votes in it. */
export function rememberPoll(phone: Phone, creator: string, id: string, message: proto.IMessage): void {
  const content = normalizeMessageContent(message)
  const poll = content && pollOf(content)
  const secret = message.messageContextInfo?.messageSecret
  if (poll && secret) phone.polls.set(id, { id, creator, secret, options: optionsOf(poll) })
}

async function render(
  phone: Phone,
  arrival: Arrival & { message: proto.IMessage },
  state: State,
): Promise<ShownMessage> {
  const summary = summarize(arrival.message)
  const attachment = attachmentOf(arrival.message)
  if (attachment && summary.media) {
    const { info, type } = attachment
    const sha256 = Buffer.from(info.fileSha256 ?? []).toString('hex')
    const failure = await state.media.download(info, type).then(() => undefined, reason)
    return { ...summary, media: { ...summary.media, sha256, ...(failure && { error: failure }) } }
  }
  const vote = normalizeMessageContent(arrival.message)?.pollUpdateMessage?.vote
  return summary.vote && vote
    ? { ...summary, vote: { id: summary.vote.id, options: decryptOptions(phone, arrival, vote, state) } }
    : summary
}

/** Return the chosen options; none when this phone does not know the poll or the vote was made for other addresses. */
function decryptOptions(
  phone: Phone,
  { from, addressing, message }: Arrival,
  vote: proto.Message.IPollEncValue,
  state: State,
): string[] {
  const id = normalizeMessageContent(message)?.pollUpdateMessage?.pollCreationMessageKey?.id ?? ''
  const poll = phone.polls.get(id)
  const jidOf = (number: string): string =>
    state.registry.byNumber(number)?.own(addressing === 'lid') ?? number
  try {
    return poll ? readVote(poll, { creator: jidOf(poll.creator), voter: jidOf(from) }, vote) : []
  } catch {
    return []
  }
}
