import {
  type BinaryNode,
  getAllBinaryNodeChildren,
  getBinaryNodeChildren,
  proto,
  type WAMessage,
} from 'baileys'
import { isPhone, type LidMapping, resolveIdentity, userOf } from '../../jid.ts'
import type { Content } from './content.ts'
import { lines, textOf } from './words.ts'

const { StubType } = proto.WebMessageInfo
const MOST_PEOPLE = 256

/** Name a message without content: group changes, missed calls, what could not be decrypted or only the phone may see. */
export function readNotice(message: WAMessage, lidMapping: LidMapping): Content | undefined {
  const type = message.messageStubType
  if (!type) return message.key.isViewOnce ? { kind: 'view_once' } : undefined
  if (type === StubType.CIPHERTEXT) return { kind: 'undecryptable' }
  const kind = (StubType[type] ?? `notice_${type}`).toLowerCase().slice(0, 64)
  if (type === StubType.GROUP_CHANGE_ICON) return { kind } // its only word is the picture's number
  const parameters = (message.messageStubParameters ?? []).map((one: string) => personIn(one) ?? one)
  return { kind, ...peopleAndWords(parameters, lidMapping) }
}

/** A person by all the addresses that a notice gives. */
type Person = { jids: string[] }

/** Return the words of a notice, with people as their numbers, and these people. */
function peopleAndWords(
  parts: (Person | string)[],
  lidMapping: LidMapping,
): Pick<Content, 'text' | 'mentions'> {
  const identified = parts.map((part) =>
    typeof part === 'string'
      ? part
      : { jid: resolveIdentity(part.jids[0] ?? '', part.jids.slice(1), lidMapping).id },
  )
  const mentions = identified
    .flatMap((part) => (typeof part === 'string' ? [] : part.jid))
    .slice(0, MOST_PEOPLE)
  const words = identified.map((part) => (typeof part === 'string' ? part : shown(part.jid)))
  return { ...textOf(lines(...words)), ...(mentions.length ? { mentions } : {}) }
}

const shown = (jid: string): string => (isPhone(jid) ? `+${userOf(jid)}` : jid)

/** Read a parameter that names a person: `{id, phoneNumber?, lid?}`, `{lid, pn}`, or an address alone. */
function personIn(parameter: string): Person | undefined {
  if (!parameter.startsWith('{')) return isAddress(parameter) ? { jids: [parameter] } : undefined
  if (parameter.length > 4096) return undefined
  try {
    const jids = Object.values(JSON.parse(parameter) as Record<string, unknown>).filter(isAddress)
    return jids.length ? { jids } : undefined
  } catch {
    return undefined
  }
}

const isAddress = (value: unknown): value is string =>
  typeof value === 'string' && /^[\d:.]{3,40}@(s\.whatsapp\.net|lid|c\.us)$/.test(value)

/** Changes of a group that Baileys turns into messages, when they come first in their notification. */
const READ_BY_BAILEYS = new Set(
  (
    'create ephemeral not_ephemeral modify promote demote remove add leave subject description announcement ' +
    'not_announcement locked unlocked invite member_add_mode membership_approval_mode ' +
    'created_membership_requests revoked_membership_requests'
  ).split(' '),
)

/** Return the changes of a group in a notification that Baileys does not read. */
export const unreadChanges = (stanza: BinaryNode): BinaryNode[] =>
  getAllBinaryNodeChildren(stanza).filter((change, index) => index > 0 || !READ_BY_BAILEYS.has(change.tag))

/** Read a change of a group: its name is its tag, its words are its texts, its people its participants. */
export function readChange(change: BinaryNode, lidMapping: LidMapping): Content {
  const people = getBinaryNodeChildren(change, 'participant').map(
    ({ attrs }): Person => ({ jids: Object.values(attrs).filter(isAddress) }),
  )
  const kind = `group_${change.tag.toLowerCase().replace(/[^a-z0-9_.-]/g, '_')}`.slice(0, 64)
  const named = people.filter(({ jids }) => jids.length)
  return { kind, ...peopleAndWords([...textsOf(change), ...named], lidMapping) }
}

const TEXTS = ['subject', 'name', 'reason', 'code', 'expiration', 'state', 'value']

function textsOf({ attrs, content }: BinaryNode, depth = 0): string[] {
  const own = TEXTS.flatMap((name) => attrs[name] ?? [])
  if (typeof content === 'string') own.push(content)
  if (content instanceof Uint8Array) own.push(Buffer.from(content).toString('utf8').toWellFormed())
  if (!Array.isArray(content) || depth > 8) return own
  return [
    ...own,
    ...content.flatMap((child) => (child.tag === 'participant' ? [] : textsOf(child, depth + 1))),
  ]
}
