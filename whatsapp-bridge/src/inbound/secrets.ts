import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { proto, type WAMessage } from 'baileys'
import type { AuthStore } from '../account/auth-store.ts'
import { clock } from '../clock.ts'
import type { InboundEvent } from '../contract.ts'
import { bareJid, resolveIdentity } from '../jid.ts'
import type { Outbox } from '../outbound/outbox.ts'
import type { AccountRows } from '../store/account-rows.ts'
import type { Content } from './content/content.ts'
import { safeId } from './content/protocol.ts'
import { readContent, unwrap } from './content/read.ts'
import { readUnknown } from './content/unknown.ts'
import { clip, lines, textOf } from './content/words.ts'
import type { Me } from './journal.ts'

const KEEP_MS = 90 * 24 * 3600 * 1000
const TAG_BYTES = 16

/** A message with a secret, by which what is about it is encrypted. `author` is a JID. */
type Known = { author: string; secret: Uint8Array; options: string[] }
/** Something encrypted with the secret of the message that it is about. */
type Envelope = {
  target: proto.IMessageKey | null | undefined
  sealed: { encPayload?: Uint8Array | null; encIv?: Uint8Array | null } | null | undefined
  /** What the key is for, in WhatsApp's words. */
  purpose: string
  read(plain: Uint8Array, known: Known): Content | undefined
}

/** Names of `SecretEncType`, by number; Baileys does not know all of them. */
const CHANGES = ['', 'Event Edit', 'Message Edit', 'Message Schedule', 'Poll Edit', 'Poll Add Option']
const ADD_OPTION = 5
const RESPONSES = ['', 'going', 'not going', 'maybe']

/** Keep the secrets of messages, and read what is encrypted with them: edits, poll votes, answers to events, comments. */
export class Secrets {
  readonly #rows: AccountRows
  readonly #outbox: Outbox
  readonly #auth: AuthStore

  constructor(rows: AccountRows, outbox: Outbox, auth: AuthStore) {
    this.#rows = rows
    this.#outbox = outbox
    this.#auth = auth
  }

  /** Keep the secret of a message. Call inside the transaction that makes it an event. */
  remember({ key, message }: WAMessage, event: Pick<InboundEvent, 'senderId' | 'kind' | 'text'>): void {
    const info = message?.messageContextInfo ?? unwrap(message ?? {}).messageContextInfo
    if (!info?.messageSecret?.length || !key.id) return
    this.#rows.run(
      `insert or replace into secrets(account, id, author, secret, options, at) values(:account, ?, ?, ?, ?, ?)`,
      ...[key.id, event.senderId ?? '', info.messageSecret, JSON.stringify(optionsIn(event)), clock.now()],
    )
  }

  sweep(): void {
    this.#rows.run('delete from secrets where account = :account and at < ?', clock.now() - KEEP_MS)
  }

  /** Read a message that is encrypted with the secret of another one; `undefined`: it is none, or cannot be read. */
  open(message: WAMessage, me: Me): Content | undefined {
    const envelope = envelopeIn(unwrap(message.message ?? {}))
    const { target, sealed } = envelope ?? {}
    if (!envelope || !target?.id || !sealed?.encPayload || !sealed.encIv) return undefined
    const editors = this.#sendersOf(message, me)
    for (const known of this.#find(target.id, me)) {
      const pairs = this.#addresses(known.author).flatMap((author) =>
        editors.map((editor) => ({ id: target.id ?? '', author, editor, purpose: envelope.purpose })),
      )
      for (const use of pairs) {
        const plain = unseal(known.secret, use, sealed)
        if (plain) return envelope.read(plain, known)
      }
    }
    return undefined
  }

  #find(id: string, me: Me): Known[] {
    const rows = this.#rows.all(
      'select author, secret, options from secrets where account = :account and id = ?',
      id,
    )
    const received = rows.map((row) => ({
      author: String(row.author),
      secret: row.secret as Uint8Array,
      options: JSON.parse(String(row.options)) as string[],
    }))
    const sent = this.#outbox.find(id)?.message
    const secret = sent?.messageContextInfo?.messageSecret
    if (!sent || !secret) return received
    return [...received, { author: me.id, secret, options: optionsIn(readContent(sent) ?? { kind: '' }) }]
  }

  /** Return every address under which a sender may have encrypted. */
  #sendersOf({ key }: WAMessage, me: Me): string[] {
    if (key.fromMe) return this.#addresses(me.id, me.lid)
    const { participant, participantAlt, remoteJid, remoteJidAlt } = key
    return this.#addresses(
      participant || remoteJid || '',
      (participant ? participantAlt : remoteJidAlt) ?? undefined,
    )
  }

  #addresses(jid: string, other?: string): string[] {
    const { id, aliases } = resolveIdentity(jid, [other], this.#auth)
    return [...new Set([id, ...aliases].flatMap((each) => bareJid(each) ?? []))]
  }
}

/** Return the options of a poll, as its text has them. */
const optionsIn = ({ kind, text }: Pick<InboundEvent, 'kind' | 'text'>): string[] =>
  kind === 'poll'
    ? (text ?? '').split('\n').flatMap((line) => (line.startsWith('- ') ? line.slice(2) : []))
    : []

function envelopeIn(message: proto.IMessage): Envelope | undefined {
  const {
    secretEncryptedMessage: change,
    pollUpdateMessage: vote,
    encReactionMessage,
    encCommentMessage,
  } = message
  const { encEventResponseMessage: response } = message
  if (change) return changeEnvelope(change)
  if (vote)
    return {
      target: vote.pollCreationMessageKey,
      sealed: vote.vote,
      purpose: 'Poll Vote',
      read: (plain, { options }) => ({
        kind: 'poll_vote',
        ...textOf(lines(...chosenOf(plain, options))),
        about: vote.pollCreationMessageKey,
      }),
    }
  if (response)
    return {
      target: response.eventCreationMessageKey,
      sealed: response,
      purpose: 'Event Response',
      read: (plain) => ({
        kind: 'event_response',
        ...textOf(answerOf(proto.Message.EventResponseMessage.decode(plain))),
        about: response.eventCreationMessageKey,
      }),
    }
  return commentEnvelope(encReactionMessage, encCommentMessage)
}

function commentEnvelope(
  reaction: proto.Message.IEncReactionMessage | null | undefined,
  comment: proto.Message.IEncCommentMessage | null | undefined,
): Envelope | undefined {
  if (reaction)
    return {
      target: reaction.targetMessageKey,
      sealed: reaction,
      purpose: 'Enc Reaction',
      read: (plain) => ({
        kind: 'reaction',
        reaction: clip(proto.Message.ReactionMessage.decode(plain).text ?? '', 64),
        reactsToMessageId: safeId(reaction.targetMessageKey?.id ?? ''),
      }),
    }
  if (!comment) return undefined
  return {
    target: comment.targetMessageKey,
    sealed: comment,
    purpose: 'Enc Comment',
    read: (plain) => ({
      ...readContent(proto.Message.decode(plain)),
      kind: 'comment',
      about: comment.targetMessageKey,
    }),
  }
}

function changeEnvelope(change: proto.Message.ISecretEncryptedMessage): Envelope {
  const { targetMessageKey: target, secretEncType } = change
  const type = Number(secretEncType ?? 0)
  const read: Envelope['read'] = (plain) => {
    const message = proto.Message.decode(plain)
    const edited =
      message.protocolMessage?.editedMessage ?? message.editedMessage?.message?.protocolMessage?.editedMessage
    const content = readContent(edited ?? message) ?? readUnknown(plain)
    if (type === ADD_OPTION) return { ...content, kind: 'poll_add_option', about: target }
    return { ...content, kind: 'edit', edits: safeId(target?.id ?? '') }
  }
  return { target, sealed: change, purpose: CHANGES[type] ?? '', read }
}

/** Return the options that a vote names by their digests. */
function chosenOf(plain: Uint8Array, options: string[]): string[] {
  const { selectedOptions } = proto.Message.PollVoteMessage.decode(plain)
  const chosen = new Set((selectedOptions ?? []).map((digest) => Buffer.from(digest).toString('hex')))
  return options.filter((option) => chosen.has(createHash('sha256').update(option).digest('hex')))
}

function answerOf({ response, extraGuestCount }: proto.Message.IEventResponseMessage): string {
  const answer = RESPONSES[Number(response ?? 0)] ?? ''
  return extraGuestCount ? `${answer}, with ${extraGuestCount} more` : answer
}

/** What a key is derived for: a message, its author, who changes or answers it, and why. */
type Use = { id: string; author: string; editor: string; purpose: string }

/** Decrypt with the key that WhatsApp derives from a secret for a use; `undefined`: it was made for another one. */
function unseal(
  secret: Uint8Array,
  { id, author, editor, purpose }: Use,
  { encPayload, encIv }: NonNullable<Envelope['sealed']>,
): Uint8Array | undefined {
  const info = Buffer.from(id + author + editor + purpose)
  const key = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, 32))
  const sealed = Buffer.from(encPayload ?? [])
  // votes and answers are bound to their message, edits are not
  for (const bound of [Buffer.alloc(0), Buffer.from(`${id}\0${editor}`)]) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, encIv ?? Buffer.alloc(0))
      decipher.setAAD(bound).setAuthTag(sealed.subarray(-TAG_BYTES))
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
    } catch {
      // made by somebody else, or for another purpose
    }
  }
  return undefined
}
