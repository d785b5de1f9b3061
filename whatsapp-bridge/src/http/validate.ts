import type { OutputUnit, Validator } from '@cfworker/json-schema'
import type { LinkByCode, React, Read, SendMedia, SendText, Typing } from '../contract.ts'
import { HttpError } from '../errors.ts'
import { parseAddress, parsePhoneNumber } from '../jid.ts'
import { SCHEMAS } from './schema.ts'

/**
 * Readers of the contract's bodies: each checks its JSON Schema and returns the known fields, with addresses as JIDs.
 * The order of a command's fields is that of the digest which the outbox keeps.
 */
export const readSendText = reader<SendText>('SendText', ['to', 'text', 'quoted'])
export const readSendMedia = reader<SendMedia>('SendMedia', [
  'to',
  'quoted',
  'kind',
  'mimetype',
  'filename',
  'url',
  'caption',
  'seconds',
])
export const readReact = reader<React>('React', ['to', 'messageId', 'emoji', 'fromMe', 'senderId'])
export const readTyping = reader<Typing>('Typing', ['to', 'state'])
export const readRead = reader<Read>('Read', ['to', 'messageIds', 'senderId'])
export const readLinkByCode = reader<LinkByCode>('LinkByCode', ['phone'])

type Fields = Record<string, unknown>

/** @returns a function that throws `HttpError` 422 with a sentence that names the field. */
function reader<T>(name: string, fields: readonly (keyof T & string)[]): (body: unknown) => Promise<T> {
  const schema = SCHEMAS[name] as Fields
  let validator: Validator | undefined
  return async (body) => {
    validator ??= await validatorOf({ ...schema, $defs: { Quoted: SCHEMAS.Quoted } })
    const { valid, errors } = validator.validate(body)
    if (!valid) throw explain(schema, body, errors)
    return pick(body as Fields, fields) as T
  }
}

/** Load the library with the first command: the start of the bridge does not wait for it. */
async function validatorOf(schema: Fields): Promise<Validator> {
  const { Validator } = await import('@cfworker/json-schema')
  return new Validator(schema, '2020-12')
}

/** Return the fields that have a value. */
function pick(body: Fields, fields: readonly string[]): Fields {
  const present = fields.filter((name) => body[name] !== undefined && body[name] !== null)
  return Object.fromEntries(present.map((name) => [name, normalize(name, body[name])]))
}

function normalize(name: string, value: unknown): unknown {
  if (name === 'quoted') return pick(value as Fields, ['messageId', 'senderId', 'text'])
  if (typeof value !== 'string') return value
  if (name === 'to' || name === 'senderId') return required(name, parseAddress(value), 'jid')
  return name === 'phone' ? required(name, parsePhoneNumber(value), 'digits') : value.toWellFormed()
}

function required<K extends string>(
  name: string,
  parsed: Record<K, string> | { problem: string },
  key: K,
): string {
  if ('problem' in parsed) throw invalid(name, `cannot be used. ${parsed.problem}`)
  return parsed[key]
}

const invalid = (field: string, problem: string): HttpError =>
  new HttpError(422, 'bad_request', `${field} ${problem}`)

/** Keywords of errors that only say that there is one further inside. */
const OUTER = new Set(['properties', 'items', 'anyOf', '$ref'])

function explain(schema: Fields, body: unknown, errors: OutputUnit[]): HttpError {
  const depth = ({ instanceLocation }: OutputUnit) => instanceLocation.split('/').length
  const { keyword, keywordLocation, instanceLocation } = errors
    .filter((error) => !OUTER.has(error.keyword))
    .reduce((deepest, error) => (depth(error) > depth(deepest) ? error : deepest))
  const path = instanceLocation.split('/').slice(1)
  const limit = at(schema, keywordLocation)
  if (keyword === 'required') {
    const parent = at(body, instanceLocation) as Fields
    return invalid([...path, (limit as string[]).find((name) => !(name in parent))].join('.'), 'is missing.')
  }
  if (!path.length) return invalid('The body', 'must be a JSON object.')
  return invalid(path.join('.'), MUST[keyword]?.(limit) ?? 'cannot be used.')
}

/** Return what is at a JSON pointer such as `#/properties/text/maxLength`, through the references of a schema. */
const at = (root: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce((value, step) => {
      const next = (value as Fields)[step]
      return step === '$ref' ? SCHEMAS[String(next).split('/').at(-1) ?? ''] : next
    }, root)

const TYPES: Record<string, string> = {
  string: 'a string',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
}

/** What a field must be, by the keyword of its schema. */
const MUST: Record<string, (limit: unknown) => string> = {
  type: (type) => `must be ${TYPES[String(type)]}.`,
  enum: (choices) => `must be one of ${(choices as string[]).join(', ')}.`,
  minLength: () => 'must not be empty.',
  maxLength: (most) => `must have at most ${most} characters.`,
  minimum: (least) => `must be ${least} or more.`,
  minItems: () => 'must not be empty.',
  maxItems: (most) => `must have at most ${most} entries.`,
  pattern: () => 'must be a message id: 1–128 visible ASCII characters without a slash.',
}
