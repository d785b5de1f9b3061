import { randomInt } from 'node:crypto'
import type { Group } from '../accounts/groups.ts'
import type { Phone } from '../accounts/phone.ts'
import { clock } from '../clock.ts'
import { HttpError } from '../http-error.ts'
import { type Stanza, stanza } from '../stream/stanza.ts'
import type { WhatsApp } from '../whatsapp.ts'
import { Lookup } from './lookup.ts'
import type { Router } from './router.ts'
import { groupView } from './views.ts'

/** Add the routes of groups; linked devices are notified of changes. */
export function groupRoutes(router: Router, { state }: WhatsApp): void {
  const lookup = new Lookup(state)
  const phones = (numbers: string[]): Phone[] => numbers.map((number) => lookup.person(number))

  router.add('POST', '/groups', (call) => {
    const body = call.body()
    const members = phones(body.texts('members'))
    if (members.length === 0) throw new HttpError(400, 'a group needs "members"')
    const group = state.groups.add(body.maybeText('id'), body.text('subject'), body.flag('lid'), members)
    const notify = body.flag('notify')
    body.finish()
    if (notify) notifyMembers(group, members[0], group.members, stanza('create', {}, [group.node()]))
    return groupView(group)
  })

  router.add('GET', '/groups', () => state.groups.list().map(groupView))
  router.add('GET', '/groups/:id', (call) => groupView(lookup.group(call.part('id'))))

  router.add('POST', '/groups/:id', (call) => {
    const group = lookup.group(call.part('id'))
    const body = call.body()
    const subject = body.maybeText('subject')
    const added = phones(body.texts('add'))
    const removed = phones(body.texts('remove'))
    const author = body.maybeText('by')
    body.finish()
    const by = author === undefined ? group.members[0] : lookup.person(author)
    if (subject !== undefined) rename(group, by, subject)
    for (const phone of added) {
      group.add(phone)
      notifyMembers(group, by, group.members, stanza('add', {}, [group.participant(phone)]))
    }
    for (const phone of removed) {
      notifyMembers(group, by, group.members, stanza('remove', {}, [group.participant(phone)]))
      group.remove(phone)
    }
    return groupView(group)
  })
}

function rename(group: Group, by: Phone | undefined, subject: string): void {
  group.subject = subject
  notifyMembers(group, by, group.members, stanza('subject', { subject, s_t: clock.stamp() }))
}

/** Send a `w:gp2` notification to the linked devices of these members. */
function notifyMembers(group: Group, by: Phone | undefined, members: Phone[], change: Stanza): void {
  const id = String(randomInt(1_000_000_000))
  const author = by && {
    participant: by.own(group.lid),
    [group.lid ? 'participant_pn' : 'participant_lid']: by.own(!group.lid),
  }
  const node = stanza('notification', { from: group.id, type: 'w:gp2', id, t: clock.stamp(), ...author }, [
    change,
  ])
  for (const member of members) for (const companion of member.companions.values()) companion.deliver(node)
}
