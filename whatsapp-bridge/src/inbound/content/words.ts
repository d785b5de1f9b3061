/** The longest text that the contract lets through. */
const LONGEST_TEXT = 128 * 1024
const DEEPEST = 12
const MOST_WORDS = 1000
/** Fields that hold no words: addresses, keys, digests, names of types, pictures and places on servers. */
const TECHNICAL =
  /^(id|jid|lid|key|url|type|token|namespace|mimetype|encoding|lg|lc|version)$|(Jid|_jid|Id|ID|_id|Key|Hash|_hash|Sha256|Path|Token|_token|[mM]imetype|Type|_type|Version|Iv|Thumbnail|ThumbnailUrl|PictureUrl|staticUrl|Iso4217|CurrencyCode)$/
/** Objects that are about another message or about this one's delivery. */
const ELSEWHERE = new Set(['contextInfo', 'messageContextInfo', 'urlTrackingMap', 'messageParamsJson'])

/** Return every text inside a part of a message, in its order: for kinds that have no reader of their own. */
export function wordsOf(part: unknown): string {
  const words: string[] = []
  collect(part, '', 0, words)
  return lines(...words)
}

function collect(value: unknown, name: string, depth: number, words: string[]): void {
  if (depth > DEEPEST || words.length >= MOST_WORDS) return
  if (typeof value === 'string') collectText(value, name, depth, words)
  else if (Array.isArray(value)) for (const each of value) collect(each, name, depth + 1, words)
  else if (isPart(value, name))
    for (const [field, inner] of Object.entries(value)) collect(inner, field, depth + 1, words)
}

function collectText(text: string, name: string, depth: number, words: string[]): void {
  if (TECHNICAL.test(name)) return
  const json = /json$/i.test(name) ? parseJson(text) : undefined
  if (json === undefined) words.push(text)
  else collect(json, '', depth + 1, words)
}

const isPart = (value: unknown, name: string): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Uint8Array) &&
  !ELSEWHERE.has(name) &&
  !/Key$|^key$/.test(name)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Join what is there, one piece a line. */
export const lines = (...pieces: (string | null | undefined | false)[]): string =>
  pieces.filter((piece) => piece).join('\n')

/** Return a field for a text that is there. */
export const textOf = (text: string | null | undefined): { text?: string } =>
  text ? { text: clip(text, LONGEST_TEXT) } : {}

/** Cut to `length` UTF-16 units, never half a character. */
export const clip = (text: string, length: number): string => text.slice(0, length).toWellFormed()

type Amount = number | { toNumber(): number } | null | undefined

/** Return a number of protobuf, which may be a `Long`. */
export const numberOf = (amount: Amount): number =>
  typeof amount === 'object' && amount !== null ? amount.toNumber() : (amount ?? 0)

/** Return a moment in ISO 8601, from seconds or milliseconds; `undefined` when it is none. */
export function momentOf(amount: Amount): string | undefined {
  const value = numberOf(amount)
  const date = new Date(value > 1e11 ? value : value * 1000)
  return value > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined
}

/** Return an amount of money: thousandths of a currency, such as `12.5 EUR`. */
export const moneyOf = (thousandths: Amount, currency: string | null | undefined): string | undefined =>
  numberOf(thousandths) > 0 ? `${numberOf(thousandths) / 1000} ${currency ?? ''}`.trim() : undefined
