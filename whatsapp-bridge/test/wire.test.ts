import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readUnknown } from '../src/inbound/content/unknown.ts'
import { restore } from '../src/inbound/journal.ts'
import { translate } from '../src/inbound/translate.ts'
import { ANN_JID, CLEO, cleanUp, linkedSystem } from './harness.ts'
import { violations } from './schema.ts'
import { Dice, padded, play, wireBytes } from './wire-fuzzer.ts'

after(cleanUp)
const ME = { id: `${CLEO}:1@s.whatsapp.net`, lid: '99:1@lid' }
const nobody = { phoneOf: () => undefined, lidOf: () => undefined }

test('whatever bytes a message has, it becomes an event of the contract or says why it is none', () => {
  for (let seed = 0; seed < 3000; seed += 1) {
    const bytes = wireBytes(new Dice(seed))
    const attrs = { from: ANN_JID, id: `S${seed}`, t: '1785000000' }
    let message: ReturnType<typeof restore>
    try {
      message = restore({ attrs, arrival: 1, plain: padded(bytes) }, ME)
    } catch {
      continue // its bytes are no message: the journal tells that it was there
    }
    const found = readUnknown(bytes)
    for (const content of [undefined, found]) {
      const translation = translate(message, ME, nobody, false, content)
      if ('ignored' in translation) continue
      const { media, ...event } = translation.event
      const whole = media ? { ...event, media: { ...media, url: 'x' } } : event
      assert.deepEqual(violations('InboundEvent', whole), [], `seed ${seed}`)
    }
  }
})

test('stanzas that Baileys does not acknowledge are acknowledged, and come once', async () => {
  const { simulator, bridge } = await linkedSystem()
  for (const tag of ['status', 'appdata', 'brand_new'])
    await simulator.call('POST', `/phones/${CLEO}/stanzas`, {
      stanza: { tag, attrs: { from: 's.whatsapp.net', type: 'any' }, content: [{ tag: 'x' }] },
    })
  await simulator.call('GET', `/phones/${CLEO}/companions/any?until=settled&wait=3000`)
  const { counters } = await bridge.health()
  assert.deepEqual(
    [counters?.['stanza.status'], counters?.['stanza.appdata'], counters?.['stanza.unknown']],
    [1, 1, 1],
  )
})

test('stanzas and protobufs by chance: nothing crashes, nothing waits for ever, each is told or counted', async () => {
  const system = await linkedSystem()
  await play(system, 150, 7)
})
