import { clock } from '../clock.ts'
import type { AccountRows } from '../store/account-rows.ts'

/** The suffix of a LID in the addresses of Signal. */
const LID_DOMAIN = '_1'

type Session = { indexInfo: { closed: number } }
type SessionRecord = { _sessions: Record<string, Session> }

/**
 * Move what is kept under a person's phone number to their LID. From the moment that the pair is known Baileys looks
 * only there: a session that stays behind is lost, and so is the token that lets us write to this person.
 *
 * Call inside the transaction that stores the pair.
 */
export function moveToLid(rows: AccountRows, phoneUser: string, lidUser: string): void {
  for (const type of ['session', 'identity-key'] as const)
    for (const id of idsOf(rows, type, phoneUser)) {
      const target = `${lidUser}${LID_DOMAIN}${id.slice(phoneUser.length)}`
      move(rows, type, id, target)
    }
  move(rows, 'tctoken', `${phoneUser}@s.whatsapp.net`, `${lidUser}@lid`)
}

/** Return the addresses of a person's devices: `4915112345678.0`, `4915112345678.3`, … */
const idsOf = (rows: AccountRows, type: string, user: string): string[] =>
  rows
    .all(
      'select id from auth where account = :account and type = ? and id >= ? and id < ?',
      ...[type, `${user}.`, `${user}/`],
    )
    .map(({ id }) => String(id))

function move(rows: AccountRows, type: string, from: string, to: string): void {
  const [old, present] = [storedAt(rows, type, from), storedAt(rows, type, to)]
  if (old === undefined) return
  rows.run('delete from auth where account = :account and type = ? and id = ?', type, from)
  if (present !== undefined && type !== 'session') return
  const value = present === undefined ? old : merged(old, present)
  rows.run('insert or replace into auth(account, type, id, value) values(:account, ?, ?, ?)', type, to, value)
}

function storedAt(rows: AccountRows, type: string, id: string): string | undefined {
  const row = rows.get('select value from auth where account = :account and type = ? and id = ?', type, id)
  return row && String(row.value)
}

/** Add the old sessions to the present ones, closed: they can still be read, and nothing is sent on them. */
function merged(old: string, present: string): string {
  const [before, now] = [JSON.parse(old) as SessionRecord, JSON.parse(present) as SessionRecord]
  const closed = Object.entries(before._sessions).map(([key, session]) => {
    const at = session.indexInfo.closed === -1 ? clock.now() : session.indexInfo.closed
    return [key, { ...session, indexInfo: { ...session.indexInfo, closed: at } }]
  })
  return JSON.stringify({ ...now, _sessions: { ...Object.fromEntries(closed), ...now._sessions } })
}
