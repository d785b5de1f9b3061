import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone } from '../accounts/phone.ts'
import { Refusal } from '../refusal.ts'
import type { Connection } from '../stream/connection.ts'
import type { World } from '../world.ts'
import type { Fields } from './fields.ts'

/** Finds what a control call names, or refuses. Numbers may be written with `+`. */
export class Lookup {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  phone(written: string): Phone {
    const phone = this.#world.registry.byNumber(digits(written))
    if (!phone) throw new Refusal(404, `there is no phone ${digits(written)}; create it with POST /phones`)
    return phone
  }

  /** By number, `…@s.whatsapp.net` or `…@lid`. */
  person(written: string): Phone {
    const phone = written.includes('@')
      ? this.#world.registry.byJid(written)
      : this.#world.registry.byNumber(digits(written))
    if (!phone) throw new Refusal(404, `nobody has the address ${written}; create the phone first`)
    return phone
  }

  group(id: string): Group {
    const group = this.#world.groups.get(id)
    if (!group) throw new Refusal(404, `there is no group ${id}`)
    return group
  }

  /** A linked device by number, or the newest one (`any`). */
  companion(phone: Phone, device: string): Companion {
    const found = device === 'any' ? phone.newestCompanion : phone.companions.get(Number(device))
    if (!found) throw new Refusal(404, `${phone.number} has no linked device ${device}`)
    return found
  }

  /** The companions of `{number, device?}` in a body; all devices when none is named. */
  companions(fields: Fields): Companion[] {
    const phone = this.phone(fields.text('number'))
    const device = fields.maybeNumber('device')
    const found = [...phone.companions.values()].filter(
      (one) => device === undefined || one.device === device,
    )
    if (found.length === 0)
      throw new Refusal(404, `${phone.number} has no linked device ${device ?? ''}`.trim())
    return found
  }

  /** The connections that `{number?, device?, id?}` names; all when it names none. */
  connections(fields: Fields): Connection[] {
    const number = fields.maybeText('number')
    const device = fields.maybeNumber('device')
    const id = fields.maybeNumber('id')
    return [...this.#world.connections].filter(
      (one) =>
        (number === undefined || one.companion?.number === digits(number)) &&
        (device === undefined || one.companion?.device === device) &&
        (id === undefined || one.id === id),
    )
  }
}

/** A number as digits. @throws {Refusal} when it is none */
export function digits(written: string): string {
  const number = written.trim().replace(/^\+/, '')
  if (!/^\d{5,15}$/.test(number)) throw new Refusal(400, `"${written}" is no phone number (5 to 15 digits)`)
  return number
}
