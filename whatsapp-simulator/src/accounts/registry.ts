import { HttpError } from '../http-error.ts'
import { readJid } from '../stream/jid.ts'
import type { Companion } from './companion.ts'
import { Phone, type Settings } from './phone.ts'

const DEFAULTS: Omit<Settings, 'name'> = {
  autoReceipt: true,
  autoRead: false,
  initialHistory: true,
  lidHidden: false,
}

/** Who exists: phones by number and by LID. */
export class Registry {
  readonly #byNumber = new Map<string, Phone>()
  readonly #byLid = new Map<string, Phone>()

  /** Create a phone, or changes the settings of one. @throws {HttpError} when the LID belongs to somebody else */
  add(number: string, lid: string | undefined, settings: Partial<Settings>): Phone {
    const known = this.#byNumber.get(number)
    if (known) {
      if (lid !== undefined && lid !== known.lidUser)
        throw new HttpError(409, `${number} already has the LID ${known.lidUser}`)
      Object.assign(known.settings, settings)
      return known
    }
    const lidUser = lid ?? lidFor(number)
    if (this.#byLid.has(lidUser)) throw new HttpError(409, `the LID ${lidUser} is taken`)
    const phone = new Phone(number, lidUser, { ...DEFAULTS, name: `User ${number.slice(-4)}`, ...settings })
    this.#byNumber.set(number, phone)
    this.#byLid.set(lidUser, phone)
    return phone
  }

  phones(): Phone[] {
    return [...this.#byNumber.values()]
  }

  companions(): Companion[] {
    return this.phones().flatMap((phone) => [...phone.companions.values()])
  }

  byNumber(number: string): Phone | undefined {
    return this.#byNumber.get(number)
  }

  /** The account a JID (number or LID, with or without device) belongs to. */
  byJid(jid: string | undefined): Phone | undefined {
    const address = readJid(jid)
    if (!address) return undefined
    return address.server === 'lid' ? this.#byLid.get(address.user) : this.#byNumber.get(address.user)
  }
}

/** A LID that looks nothing like the number. */
const lidFor = (number: string): string => `1${[...number].reverse().join('')}7`
