import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone } from '../accounts/phone.ts'
import type { Fault } from '../faults/faults.ts'
import type { Connection } from '../stream/connection.ts'
import type { WhatsApp } from '../whatsapp.ts'

/** Objects as the control API shows them. */
export const companionView = (companion: Companion): object => ({
  device: companion.device,
  jid: companion.jid,
  lid: companion.lid,
  online: companion.connection !== undefined,
  ready: companion.ready,
  held: companion.held,
  queued: companion.queue.size,
  waiting: companion.queue.waiting(),
  preKeys: companion.preKeys.size,
  counters: companion.counters,
})

export const phoneView = (phone: Phone, whatsapp: WhatsApp): object => ({
  number: phone.number,
  jid: phone.jid,
  lid: phone.lid,
  ...phone.settings,
  seq: phone.mailbox.bubbles.last,
  deliveries: phone.mailbox.deliveries.last,
  undecryptable: phone.mailbox.undecryptable,
  pairing: whatsapp.codes.isRequested(phone.number),
  companions: [...phone.companions.values()].map(companionView),
})

export const connectionView = ({ id, companion, phase, halfOpen, since }: Connection): object => ({
  id,
  ...(companion && { number: companion.number, device: companion.device }),
  phase,
  halfOpen,
  since,
})

export const groupView = (group: Group): object => ({
  id: group.id,
  subject: group.subject,
  lid: group.lid,
  members: group.members.map((member) => member.number),
})

export const faultView = ({ action, number, device, matched, triggered, ...fault }: Fault): object => ({
  ...fault,
  seen: matched,
  struck: triggered,
  ...action,
  ...(number !== undefined && { number }),
  ...(device !== undefined && { device }),
})
