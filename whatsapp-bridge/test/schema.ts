import { readFileSync } from 'node:fs'
import { Validator } from '@cfworker/json-schema'

const CONTRACT = new URL('../../contract/', import.meta.url)
const read = (path: string) => JSON.parse(readFileSync(new URL(path, CONTRACT), 'utf8'))

const schemas: Record<string, object> = read('bridge.schema.json').$defs
const closed = Object.fromEntries(
  Object.entries(schemas).map(([name, schema]) => [name, { additionalProperties: false, ...schema }]),
)

/** @returns what is wrong with `value` as a body named `name`; unknown fields are wrong too. */
export function violations(name: string, value: unknown): string[] {
  const { errors } = new Validator({ ...closed[name], $defs: closed }, '2020-12', false).validate(value)
  return errors.map(({ instanceLocation, error }) => `${name}${instanceLocation}: ${error}`)
}

export const example = (name: string): unknown => read(`examples/${name}.json`)
