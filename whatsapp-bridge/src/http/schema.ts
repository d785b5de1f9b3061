import { readFileSync } from 'node:fs'

/** Read a JSON file of the repository, from the path relative to this file. */
export const readJsonFile = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

/** The JSON Schemas of all bodies, by name; `make contract` generates them. */
export const SCHEMAS = readJsonFile('../../../contract/bridge.schema.json').$defs as Record<string, object>
