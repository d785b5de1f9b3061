import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { HttpError } from '../src/errors.ts'
import { readJson } from '../src/http/body.ts'
import {
  readLinkByCode,
  readReact,
  readRead,
  readSendMedia,
  readSendText,
  readTyping,
} from '../src/http/validate.ts'
import { Dice } from './wire-fuzzer.ts'

/**
 * Commands of the agent by chance, whole and broken: each is refused in words, or read as what the contract allows.
 *
 *   make fuzz N=2000 SEED=7, or: node whatsapp-bridge/test/command-fuzzer.ts --examples 2000 --seed 7
 */

const to = '4915112345678@s.whatsapp.net'
const quoted = { messageId: '3A1F', senderId: to, text: 'hello' }
const COMMANDS: [(body: unknown) => Promise<object>, object][] = [
  [readSendText, { to, text: 'hello', quoted }],
  [
    readSendMedia,
    {
      to,
      quoted,
      kind: 'voice',
      mimetype: 'audio/ogg',
      filename: 'a',
      url: 'http://a/x',
      caption: 'b',
      seconds: 3,
    },
  ],
  [readReact, { to, messageId: '3A1F', emoji: '👍', fromMe: true, senderId: to }],
  [readTyping, { to, state: 'composing' }],
  [readRead, { to, messageIds: ['3A1F'], senderId: to }],
  [readLinkByCode, { phone: '+49 151 12345678' }],
]
const VALUES: unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, '', ' ', 'x', '\ud800', '\0', [], {}, [[]], [null], { to }],
  ...[
    '../x',
    'a/b',
    'x'.repeat(70_000),
    '0151 1234',
    '+49 151 12345678',
    '1@g.us',
    '12345@g.us',
    'status@broadcast',
  ],
  ...[
    '12345678@lid',
    '4915112345678:12@s.whatsapp.net',
    '４９１５１１２３４５６７８',
    '@lid',
    'a@b@s.whatsapp.net',
  ],
]
const JID = /^([1-9]\d{4,19}@(s\.whatsapp\.net|lid)|\d{5,24}(-\d{5,20})?@g\.us)$/
const ADDRESSES = ['to', 'senderId']

type Fields = Record<string, unknown>

/** Put something else into a body, take something out, or add what nobody knows. */
function broken(dice: Dice, body: Fields): Fields {
  const name = dice.chance(80)
    ? dice.pick(Object.keys(body))
    : dice.pick(['__proto__', 'extra', 'constructor'])
  const { [name]: value, ...rest } = body
  if (dice.chance(20)) return rest
  if (name === 'quoted' && dice.chance(60)) return { ...rest, quoted: broken(dice, quoted) }
  return {
    ...rest,
    ...(dice.chance(15) ? { [name]: value } : Object.fromEntries([[name, dice.pick(VALUES)]])),
  }
}

function written(dice: Dice, body: Fields): Buffer {
  const bytes = Buffer.from(JSON.stringify(body))
  if (dice.chance(85)) return bytes
  const at = dice.roll(bytes.length)
  return Buffer.concat([bytes.subarray(0, at), dice.bytes(4), bytes.subarray(at + dice.roll(4))])
}

const received = (bytes: Buffer): IncomingMessage =>
  Object.assign(Readable.from([bytes]), {
    headers: { 'content-type': 'application/json' },
  }) as IncomingMessage

/** Read so many commands. @returns how many of them were accepted. */
export async function readCommands(examples: number, seed: number): Promise<number> {
  const dice = new Dice(seed)
  let accepted = 0
  for (let example = 0; example < examples; example += 1) {
    const [read, whole] = dice.pick(COMMANDS)
    let body = whole as Fields
    for (let change = dice.roll(4); change > 0 && Object.keys(body).length; change -= 1)
      body = broken(dice, body)
    const bytes = written(dice, body)
    const where = `SEED=${seed}, example ${example}: ${bytes.toString().slice(0, 300)}`
    try {
      check(await read(await readJson(received(bytes))), Object.keys(whole), where)
      accepted += 1
    } catch (error) {
      if (!(error instanceof HttpError)) throw new Error(where, { cause: error })
      assert.ok([400, 413, 422].includes(error.status), where)
      assert.match(error.message, /^\S[^\n]*[.:]$|\.$/, where)
    }
  }
  return accepted
}

/** What was accepted has only known fields, addresses of people and groups, and whole characters. */
function check(command: object, known: string[], where: string): void {
  const fields = Object.entries(command).flatMap(([name, value]) =>
    name === 'quoted' ? Object.entries(value as Fields) : [[name, value] as const],
  )
  assert.deepEqual(
    Object.keys(command).filter((name) => !known.includes(name)),
    [],
    where,
  )
  for (const [name, value] of fields) {
    if (ADDRESSES.includes(name)) assert.match(String(value), JID, where)
    if (name === 'phone') assert.match(String(value), /^[1-9]\d{6,14}$/, where)
    if (name === 'messageId') assert.match(String(value), /^[!-.0-~]{1,128}$/, where)
    if (typeof value === 'string') assert.ok(value.isWellFormed(), where)
  }
}

async function main(): Promise<void> {
  const options = { examples: { type: 'string', default: '2000' }, seed: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  const accepted = await readCommands(Number(values.examples), seed)
  process.stdout.write(
    `${values.examples} commands, SEED=${seed}: ${accepted} accepted, the others refused in words\n`,
  )
}

if (import.meta.main) await main()
