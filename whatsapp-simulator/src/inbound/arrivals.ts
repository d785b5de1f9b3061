import { normalizeMessageContent, type proto } from 'baileys'
import type { Phone } from '../accounts/phone.ts'
import { reason } from '../log.ts'
import { readVote } from '../outbound/polls.ts'
import type { World } from '../world.ts'
import { attachmentOf, faceOf, optionsOf, pollOf } from './face.ts'
import type { Arrival, Look } from './mailbox.ts'

/** Shows a readable message on a phone: fetches its file, opens its vote, remembers its poll. Returns whether it is new. */
export async function arrive(
  phone: Phone,
  arrival: Arrival & { message: proto.IMessage },
  world: World,
): Promise<boolean> {
  if (phone.mailbox.has(arrival)) return phone.mailbox.show(arrival, faceOf(arrival.message))
  learnPoll(phone, arrival.from, arrival.id, arrival.message)
  return phone.mailbox.show(arrival, await look(phone, arrival, world))
}

/** Keeps what is needed to vote in a poll, or to read the votes in it. */
export function learnPoll(phone: Phone, creator: string, id: string, message: proto.IMessage): void {
  const content = normalizeMessageContent(message)
  const poll = content && pollOf(content)
  const secret = message.messageContextInfo?.messageSecret
  if (poll && secret) phone.polls.set(id, { id, creator, secret, options: optionsOf(poll) })
}

async function look(
  phone: Phone,
  arrival: Arrival & { message: proto.IMessage },
  world: World,
): Promise<Look> {
  const face = faceOf(arrival.message)
  const attachment = attachmentOf(arrival.message)
  if (attachment && face.media) {
    const { info, type } = attachment
    const sha256 = Buffer.from(info.fileSha256 ?? []).toString('hex')
    const failure = await world.media.download(info, type).then(() => undefined, reason)
    return { ...face, media: { ...face.media, sha256, ...(failure && { error: failure }) } }
  }
  const vote = normalizeMessageContent(arrival.message)?.pollUpdateMessage?.vote
  return face.vote && vote
    ? { ...face, vote: { id: face.vote.id, options: openVote(phone, arrival, vote, world) } }
    : face
}

/** The options somebody chose; none when this phone does not know the poll or the vote was made for other addresses. */
function openVote(
  phone: Phone,
  { from, addressing, message }: Arrival,
  vote: proto.Message.IPollEncValue,
  world: World,
): string[] {
  const id = normalizeMessageContent(message)?.pollUpdateMessage?.pollCreationMessageKey?.id ?? ''
  const poll = phone.polls.get(id)
  const jidOf = (number: string): string =>
    world.registry.byNumber(number)?.own(addressing === 'lid') ?? number
  try {
    return poll ? readVote(poll, { creator: jidOf(poll.creator), voter: jidOf(from) }, vote) : []
  } catch {
    return []
  }
}
