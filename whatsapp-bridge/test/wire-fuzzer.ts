import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { ANN, ANN_JID, BOB, CLEO, cleanUp, type LinkedSystem, linkedSystem, until } from './harness.ts'

/**
 * Stanzas and protobufs by chance, against the real bridge and the simulator: nothing crashes, nothing stays
 * unacknowledged, and each message is an event, or is counted with the reason why it is none.
 *
 *   make fuzz N=2000 SEED=7, or: node whatsapp-bridge/test/wire-fuzzer.ts --examples 2000 --seed 7
 */

type Stanza = { tag: string; attrs: Record<string, string>; content?: Stanza[] | string; base64?: string }

/** Numbers by chance that a seed repeats (mulberry32). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Return a whole number from 0 to `below` - 1. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.roll(most + 1) }, () => this.roll(256)))
  }
}

const WORDS = [
  '',
  'hello',
  'Grüße',
  '👍🏽',
  '\u202eabc',
  'a\n\nb',
  '@15551234567',
  'https://x.example/_a_',
  '{"a":"b"}',
  'x'.repeat(3000),
]

/** Make a protobuf message: known and unknown fields, right and wrong wire types, messages inside messages. */
export function wireBytes(dice: Dice, depth = 0): Buffer {
  return Buffer.concat(Array.from({ length: 1 + dice.roll(depth ? 5 : 2) }, () => wireField(dice, depth)))
}

function wireField(dice: Dice, depth: number): Buffer {
  const number = dice.chance(90) ? 1 + dice.roll(depth ? 20 : 130) : 1 + dice.roll(2 ** 20)
  const type = dice.chance(75) ? 2 : dice.pick([0, 1, 5])
  const tag = varint(number * 8 + type)
  if (type === 0) return Buffer.concat([tag, varint(dice.roll(2 ** 31))])
  if (type === 1) return Buffer.concat([tag, Buffer.alloc(8, dice.roll(256))])
  if (type === 5) return Buffer.concat([tag, Buffer.alloc(4, dice.roll(256))])
  const value = valueBytes(dice, depth)
  return Buffer.concat([tag, varint(value.length), value])
}

function valueBytes(dice: Dice, depth: number): Buffer {
  if (depth < 4 && dice.chance(50)) return wireBytes(dice, depth + 1)
  return dice.chance(70) ? Buffer.from(dice.pick(WORDS)) : dice.bytes(40)
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; left > 0 || !bytes.length; left = Math.floor(left / 128))
    bytes.push((left % 128) + (left > 127 ? 128 : 0))
  return Buffer.from(bytes)
}

/** Add the padding that every message has. */
export const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from([1])])

const GROUP = '120363000000000001@g.us'
const JIDS = [
  ANN_JID,
  `${BOB}@s.whatsapp.net`,
  `${CLEO}@s.whatsapp.net`,
  '123456789012345@lid',
  GROUP,
  's.whatsapp.net',
]
const ODD_JIDS = [
  'status@broadcast',
  '1@newsletter',
  '12@broadcast',
  'x@y.z',
  '@lid',
  'nonsense',
  '1:99@hosted',
]
const TAGS = [
  'notification',
  'receipt',
  'call',
  'message',
  'status',
  'appdata',
  'chatstate',
  'presence',
  'surprise',
]
/** Nobody acknowledges these. */
const FLEETING = new Set(['chatstate', 'presence'])
const TYPES: Record<string, string[]> = {
  notification: (
    'w:gp2 encrypt devices account_sync server_sync privacy_token picture status contacts mex newsletter business ' +
    'psa pay registration mediaretry disappearing_mode companion_reg_refresh brand_new'
  ).split(' '),
  receipt: ['read', 'played', 'inactive', 'sender', 'server-error', 'enc_rekey_retry', 'brand_new'],
}
const CHILDREN = (
  'participant subject add remove create description body locked suspended list item update set delete device ' +
  'identity count tokens enc unavailable offer terminate meta brand_new'
).split(' ')
/** These begin work of their own, which would be left unfinished by an empty account. */
const HARMLESS = (stanza: Stanza) => !(stanza.tag === 'receipt' && stanza.attrs.type === 'retry')

export function stanza(dice: Dice, id: string): Stanza {
  const tag = dice.pick(TAGS)
  const attrs: Record<string, string> = { id }
  if (dice.chance(92)) attrs.from = dice.chance(80) ? dice.pick(JIDS) : dice.pick(ODD_JIDS)
  if (dice.chance(50)) attrs.type = dice.pick(TYPES[tag] ?? ['text', 'media', 'brand_new'])
  if (dice.chance(40)) attrs.participant = dice.pick([...JIDS, ...ODD_JIDS])
  if (dice.chance(15)) attrs.recipient = dice.pick(JIDS)
  attrs.t = dice.chance(80) ? '1785000000' : dice.pick(['', '-1', 'soon', '99999999999999'])
  const content = Array.from({ length: dice.roll(3) }, () => child(dice, 0))
  return { tag, attrs, ...(content.length ? { content } : {}) }
}

function child(dice: Dice, depth: number): Stanza {
  const attrs: Record<string, string> = {}
  for (const name of ['jid', 'type', 'subject', 'phone_number', 'id', 'call-id', 'value', 'name'])
    if (dice.chance(25)) attrs[name] = dice.pick([...JIDS, ...WORDS.slice(0, 5)])
  const tag = dice.pick(CHILDREN)
  if (tag === 'enc')
    return {
      tag,
      attrs: { ...attrs, v: '2', type: dice.pick(['msg', 'pkmsg', 'skmsg', 'msmsg', 'new']) },
      base64: dice.bytes(40).toString('base64'),
    }
  if (depth < 3 && dice.chance(40)) return { tag, attrs, content: [child(dice, depth + 1)] }
  return dice.chance(30) ? { tag, attrs, content: dice.pick(WORDS) || 'x' } : { tag, attrs }
}

/** What is told to nobody, with its reason. */
const COUNTED = ['ignored_device', 'ignored_empty', 'ignored_status', 'unreadable']

/** Play examples against a system; half of them are messages, half stanzas of other kinds. */
export async function play(
  { simulator, agent, bridge }: LinkedSystem,
  examples: number,
  seed: number,
): Promise<void> {
  const dice = new Dice(seed)
  const health = () => bridge.health()
  const before = (await health()).counters ?? {}
  const pid = bridge.pid
  const ids: string[] = []
  let last = ''
  for (let example = 0; example < examples; example += 1) {
    if (dice.chance(50))
      ids.push(
        await simulator.send(dice.pick([ANN, BOB]), {
          to: CLEO,
          bytes: padded(wireBytes(dice)).toString('base64'),
        }),
      )
    else {
      const node = stanza(dice, `FUZZ${seed}-${example}`)
      const path = FLEETING.has(node.tag) ? '/connections/stanzas' : `/phones/${CLEO}/stanzas`
      if (HARMLESS(node)) await simulator.call('POST', path, { stanza: node })
    }
  }
  await until('everything to be acknowledged', async () => {
    const { queued, waiting } = await simulator.call<{ queued: number; waiting: object[] }>(
      'GET',
      `/phones/${CLEO}/companions/any`,
    )
    last = JSON.stringify(waiting)
    return queued === 0
  }).catch(() => assert.fail(`not acknowledged: ${last}`))
  await simulator.send(ANN, { to: CLEO, text: `alive after ${seed}` })
  await agent.text(`alive after ${seed}`)
  await until('an empty spool', async () => (await health()).spool === 0)
  const now = await health()
  assert.equal(bridge.pid, pid, 'the bridge has ended')
  const { deadLetters } = await bridge.get<{ deadLetters: object[] }>('/dead-letters')
  assert.deepEqual([now.state, deadLetters], ['connected', []])
  assert.ok(!/unhandled|could not be handled|"level":60/.test(bridge.stderr), bridge.stderr.slice(-2000))
  const told = new Set(agent.events.map(({ messageId }) => messageId))
  const silent = ids.filter((id) => !told.has(id))
  const counted = COUNTED.reduce((sum, name) => sum + (now.counters?.[name] ?? 0) - (before[name] ?? 0), 0)
  assert.ok(
    silent.length <= counted,
    `${silent.length} messages are no event, and only ${counted} are counted`,
  )
}

async function main(): Promise<void> {
  const options = { examples: { type: 'string', default: '2000' }, seed: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  const first = Number(values.seed ?? Date.now() % 1_000_000)
  const system = await linkedSystem()
  const rounds = Math.ceil(Number(values.examples) / 200)
  for (let round = 0; round < rounds; round += 1) {
    process.stdout.write(`wire: 200 stanzas, SEED=${first + round}\n`)
    await play(system, 200, first + round)
  }
  await cleanUp()
}

if (import.meta.main) await main()
