import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import { groupJid, readJid } from '../stream/jid.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { Phone } from './phone.ts'

/** A group. The first member is its owner. */
export class Group {
  readonly id: string
  readonly lid: boolean
  readonly created = clock.seconds()
  subject: string
  readonly #members = new Map<string, Phone>()
  /** Which phone has given its sender key to which linked device (`number>device JID`). */
  readonly keyHolders = new Set<string>()

  constructor(id: string, subject: string, lid: boolean, members: Phone[]) {
    this.id = id
    this.subject = subject
    this.lid = lid
    for (const member of members) this.add(member)
  }

  get members(): Phone[] {
    return [...this.#members.values()]
  }

  has(phone: Phone): boolean {
    return this.#members.has(phone.number)
  }

  add(phone: Phone): void {
    this.#members.set(phone.number, phone)
  }

  remove(phone: Phone): void {
    this.#members.delete(phone.number)
  }

  /** The `<group>` that group queries answer with. */
  node(): Stanza {
    const [owner] = this.members
    return stanza(
      'group',
      {
        id: readJid(this.id)?.user,
        subject: this.subject,
        creation: String(this.created),
        creator: owner?.own(this.lid),
        s_t: String(this.created),
        addressing_mode: this.lid ? 'lid' : 'pn',
      },
      this.members.map((member) => this.participant(member, member === owner ? 'superadmin' : undefined)),
    )
  }

  participant(member: Phone, type?: string): Stanza {
    const alternative = this.lid ? { phone_number: member.jid } : { lid: member.lid }
    return stanza('participant', { jid: member.own(this.lid), ...alternative, type })
  }
}

export class Groups {
  readonly #groups = new Map<string, Group>()
  #last = 0

  add(wanted: string | undefined, subject: string, lid: boolean, members: Phone[]): Group {
    const id = groupJid(wanted ?? this.#newId())
    if (this.#groups.has(id)) throw new HttpError(409, `there is already a group ${id}`)
    const group = new Group(id, subject, lid, members)
    this.#groups.set(id, group)
    return group
  }

  list(): Group[] {
    return [...this.#groups.values()]
  }

  get(id: string | undefined): Group | undefined {
    return id === undefined ? undefined : this.#groups.get(id.includes('@') ? id : groupJid(id))
  }

  #newId(): string {
    this.#last += 1
    return `120363${String(this.#last).padStart(12, '0')}`
  }
}
