import { readFileSync } from 'node:fs'

/** Just enough JSON Schema to hold what the bridge says against the contract. */
type Schema = {
  $ref?: string
  anyOf?: Schema[]
  type?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  exclusiveMaximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
}

const CONTRACT = new URL('../../contract/', import.meta.url)
const definitions = JSON.parse(readFileSync(new URL('bridge.schema.json', CONTRACT), 'utf8')).$defs as Record<
  string,
  Schema
>

/** @returns what is wrong with `value` as a body named `name`; unknown fields are wrong too. */
export const violations = (name: string, value: unknown): string[] =>
  check(definitions[name] ?? {}, value, name)

export const example = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`examples/${name}.json`, CONTRACT), 'utf8'))

function check(schema: Schema, value: unknown, at: string): string[] {
  if (schema.$ref) return check(definitions[schema.$ref.split('/').at(-1) ?? ''] ?? {}, value, at)
  if (schema.anyOf)
    return schema.anyOf.some((one) => !check(one, value, at).length) ? [] : [`${at}: fits no alternative`]
  const wrong = limits(schema, value).map((what) => `${at}: ${what} (${JSON.stringify(value)})`)
  if (Array.isArray(value))
    return [...wrong, ...value.flatMap((item, index) => check(schema.items ?? {}, item, `${at}[${index}]`))]
  if (typeof value === 'object' && value !== null)
    wrong.push(...fields(schema, value as Record<string, unknown>, at))
  return wrong
}

function fields(schema: Schema, value: Record<string, unknown>, at: string): string[] {
  const missing = (schema.required ?? [])
    .filter((name) => !(name in value))
    .map((name) => `${at}.${name}: missing`)
  const inner = Object.entries(value).flatMap(([name, field]) => {
    const known = schema.properties?.[name]
    if (known) return check(known, field, `${at}.${name}`)
    return schema.additionalProperties || !schema.properties ? [] : [`${at}.${name}: not in the contract`]
  })
  return [...missing, ...inner]
}

const TYPES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

function limits(schema: Schema, value: unknown): string[] {
  const number = Number(value)
  const size = typeof value === 'string' || Array.isArray(value) ? value.length : 0
  const rules: [string, boolean | undefined][] = [
    ['type', schema.type !== undefined && !TYPES[schema.type]?.(value)],
    ['enum', schema.enum && !schema.enum.includes(value)],
    ['const', schema.const !== undefined && schema.const !== value],
    ['pattern', schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(String(value))],
    ['minimum', number < (schema.minimum ?? -Infinity)],
    ['maximum', number > (schema.maximum ?? Infinity)],
    ['exclusiveMaximum', number >= (schema.exclusiveMaximum ?? Infinity)],
    ['too short', size < (schema.minLength ?? schema.minItems ?? 0)],
    ['too long', size > (schema.maxLength ?? schema.maxItems ?? Infinity)],
  ]
  return rules.flatMap(([name, broken]) => (broken ? [name] : []))
}
