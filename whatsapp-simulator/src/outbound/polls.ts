import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { aesEncryptGCM, decryptPollVote, hmacSign, proto } from 'baileys'

/** A poll as a phone remembers it. `creator` is a number. */
export type Poll = { id: string; creator: string; secret: Uint8Array; options: string[] }

/** Who made the poll and who votes, as JIDs in the chat's addressing. */
export type Vote = { creator: string; voter: string }

const hashOf = (option: string): Buffer => createHash('sha256').update(option).digest()

export const newSecret = (): Buffer => randomBytes(32)

/** Encrypt a vote with the poll's secret; the mirror of Baileys' `decryptPollVote`. */
export function encryptVote(
  poll: Poll,
  { creator, voter }: Vote,
  options: string[],
): proto.Message.IPollEncValue {
  const purpose = Buffer.concat([Buffer.from(`${poll.id}${creator}${voter}Poll Vote`), Buffer.from([1])])
  const key = hmacSign(purpose, hmacSign(poll.secret, new Uint8Array(32)))
  const encIv = randomBytes(12)
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions: options.map(hashOf) }).finish()
  return { encIv, encPayload: aesEncryptGCM(plain, key, encIv, Buffer.from(`${poll.id}\u0000${voter}`)) }
}

/** Encrypt a change of a message with that message's secret; author and editor are one person. */
export function encryptEdit(
  id: string,
  author: string,
  secret: Uint8Array,
  change: proto.IMessage,
): { encIv: Uint8Array; encPayload: Uint8Array } {
  const purpose = Buffer.from(`${id}${author}${author}Message Edit`)
  const key = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), purpose, 32))
  const encIv = randomBytes(12)
  return {
    encIv,
    encPayload: aesEncryptGCM(proto.Message.encode(change).finish(), key, encIv, Buffer.alloc(0)),
  }
}

/** Decrypt the names of the chosen options. @throws when the vote does not fit the poll. */
export function readVote(poll: Poll, { creator, voter }: Vote, vote: proto.Message.IPollEncValue): string[] {
  const { selectedOptions } = decryptPollVote(vote, {
    pollCreatorJid: creator,
    pollMsgId: poll.id,
    pollEncKey: poll.secret,
    voterJid: voter,
  })
  const chosen = (selectedOptions ?? []).map((hash) => Buffer.from(hash).toString('hex'))
  return poll.options.filter((option) => chosen.includes(hashOf(option).toString('hex')))
}
