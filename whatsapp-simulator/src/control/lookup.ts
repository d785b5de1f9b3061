import type { Companion } from '../accounts/companion.ts'
import type { Group } from '../accounts/groups.ts'
import type { Phone } from '../accounts/phone.ts'
import { HttpError } from '../http-error.ts'
import type { State } from '../state.ts'
import type { Connection } from '../stream/connection.ts'
import type { Fields } from './fields.ts'

/** Find what a control call names. @throws {HttpError} when it does not exist. Numbers may be written with `+`. */
export class Lookup {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  phone(written: string): Phone {
    const phone = this.#state.registry.byNumber(digits(written))
    if (!phone) throw new HttpError(404, `there is no phone ${digits(written)}; create it with POST /phones`)
    return phone
  }

  /** By number, `…@s.whatsapp.net` or `…@lid`. */
  person(written: string): Phone {
    const phone = written.includes('@')
      ? this.#state.registry.byJid(written)
      : this.#state.registry.byNumber(digits(written))
    if (!phone) throw new HttpError(404, `nobody has the address ${written}; create the phone first`)
    return phone
  }

  group(id: string): Group {
    const group = this.#state.groups.get(id)
    if (!group) throw new HttpError(404, `there is no group ${id}`)
    return group
  }

  /** A linked device by number, or the newest one (`any`). */
  companion(phone: Phone, device: string): Companion {
    const found = device === 'any' ? phone.newestCompanion : phone.companions.get(Number(device))
    if (!found) throw new HttpError(404, `${phone.number} has no linked device ${device}`)
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
      throw new HttpError(404, `${phone.number} has no linked device ${device ?? ''}`.trim())
    return found
  }

  /** The connections that `{number?, device?, id?}` names; all when it names none. */
  connections(fields: Fields): Connection[] {
    const number = fields.maybeText('number')
    const device = fields.maybeNumber('device')
    const id = fields.maybeNumber('id')
    return [...this.#state.connections].filter(
      (one) =>
        (number === undefined || one.companion?.number === digits(number)) &&
        (device === undefined || one.companion?.device === device) &&
        (id === undefined || one.id === id),
    )
  }
}

/** A number as digits. @throws {HttpError} when it is none */
export function digits(written: string): string {
  const number = written.trim().replace(/^\+/, '')
  if (!/^\d{5,15}$/.test(number)) throw new HttpError(400, `"${written}" is no phone number (5 to 15 digits)`)
  return number
}
