import { HttpError } from '../http-error.ts'

/** Read a JSON object field by field; `finish` refuses what was not read, so that typos do not pass silently. */
export class Fields {
  readonly #values: Map<string, unknown>
  readonly #where: string

  /** @param where the object's name in error messages */
  constructor(json: unknown, where: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      throw new HttpError(400, `${where} must be a JSON object`)
    this.#values = new Map(Object.entries(json))
    this.#where = where
  }

  has(name: string): boolean {
    return this.#values.get(name) !== undefined && this.#values.get(name) !== null
  }

  /** All fields that nothing has read yet, raw. */
  rest(): Map<string, unknown> {
    return this.#values
  }

  /** The raw value, once. */
  take(name: string): unknown {
    const value = this.#values.get(name)
    this.#values.delete(name)
    return value ?? undefined
  }

  text(name: string): string {
    return this.maybeText(name) ?? this.#missing(name)
  }

  maybeText(name: string): string | undefined {
    const value = this.take(name)
    if (value === undefined || typeof value === 'string') return value
    return this.#wrong(name, 'a string')
  }

  number(name: string): number {
    return this.maybeNumber(name) ?? this.#missing(name)
  }

  maybeNumber(name: string): number | undefined {
    const value = this.take(name)
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
    return this.#wrong(name, 'a number')
  }

  /** A whole number that is not negative. */
  maybeCount(name: string): number | undefined {
    const value = this.maybeNumber(name)
    if (value === undefined || (Number.isInteger(value) && value >= 0)) return value
    return this.#wrong(name, 'a whole number, 0 or more')
  }

  maybeFlag(name: string): boolean | undefined {
    const value = this.take(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.#wrong(name, 'true or false')
  }

  flag(name: string, otherwise = false): boolean {
    return this.maybeFlag(name) ?? otherwise
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    return this.maybeOneOf(name, values) ?? this.#missing(name)
  }

  maybeOneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.take(name)
    if (value === undefined) return undefined
    return values.find((one) => one === value) ?? this.#wrong(name, `one of ${values.join(', ')}`)
  }

  texts(name: string): string[] {
    return this.list(name).map((one) =>
      typeof one === 'string' ? one : this.#wrong(name, 'a list of strings'),
    )
  }

  list(name: string): unknown[] {
    const value = this.take(name)
    if (value === undefined) return []
    return Array.isArray(value) ? value : this.#wrong(name, 'a list')
  }

  object(name: string): Fields {
    return this.maybeObject(name) ?? this.#missing(name)
  }

  maybeObject(name: string): Fields | undefined {
    const value = this.take(name)
    return value === undefined ? undefined : new Fields(value, name)
  }

  /** A JSON object whose values are all strings. */
  dictionary(name: string): Record<string, string> {
    const value = this.take(name)
    if (value === undefined) return {}
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.#wrong(name, 'a JSON object')
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)]))
  }

  /** @throws {HttpError} when there is a field that nothing has read */
  finish(): void {
    const [unknown] = this.#values.keys()
    if (unknown !== undefined) throw new HttpError(400, `${this.#where} has no field "${unknown}"`)
  }

  #missing(name: string): never {
    throw new HttpError(400, `${this.#where} needs "${name}"`)
  }

  #wrong(name: string, what: string): never {
    throw new HttpError(400, `"${name}" in ${this.#where} must be ${what}`)
  }
}
