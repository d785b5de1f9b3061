import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { InboundEvent } from '../src/contract.ts'
import { ANN, ANN_JID, type Bubble, CLEO, cleanUp, linkedSystem } from './harness.ts'

after(cleanUp)
const LIMIT = 4 * 1024 * 1024
const { simulator, agent, bridge } = await linkedSystem({ WHATSAPP_MEDIA_MAX_BYTES: String(LIMIT) })

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const download = (event: InboundEvent) =>
  fetch(event.media?.url ?? '', { headers: { 'x-webhook-secret': 'test-secret-test-secret' } })

const KINDS = [
  { kind: 'image', mimetype: 'image/png' },
  { kind: 'video', mimetype: 'video/mp4' },
  { kind: 'audio', mimetype: 'audio/mpeg' },
  { kind: 'voice', mimetype: 'audio/ogg; codecs=opus' },
  { kind: 'document', mimetype: 'application/pdf' },
  { kind: 'sticker', mimetype: 'image/webp' },
]

for (const { kind, mimetype } of KINDS) {
  test(`${kind} comes in: the bytes are those that the phone sent`, async () => {
    const bytes = randomBytes(70_000)
    const more = kind === 'document' ? { filename: 'offer.pdf' } : {}
    const media = { kind, base64: bytes.toString('base64'), mimetype, ...more }
    const captioned = ['image', 'video', 'document'].includes(kind)
    const id = await simulator.send(ANN, { to: CLEO, media, ...(captioned ? { text: `look: ${kind}` } : {}) })
    const event = await agent.event(kind, (e) => e.messageId === id)
    assert.equal(event.kind, kind)
    assert.equal(event.media?.mimetype, mimetype)
    assert.equal(event.media?.size, bytes.length)
    assert.equal(event.media?.sha256, sha256(bytes))
    assert.ok(event.media?.url.startsWith(`${bridge.url}/media/`))
    if (captioned) assert.equal(event.text, `look: ${kind}`)
    if (kind === 'document') assert.equal(event.media?.filename, 'offer.pdf')
    assert.equal((await fetch(event.media?.url ?? '')).status, 403, 'not without the secret')
    const response = await download(event)
    assert.equal(response.headers.get('content-type'), mimetype)
    assert.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(bytes))
  })

  test(`${kind} goes out as multipart: the phone has the same bytes`, async () => {
    const bytes = randomBytes(70_000)
    const form = new FormData()
    form.set('to', ANN_JID)
    form.set('kind', kind)
    if (kind === 'image') form.set('caption', 'ünï cäption')
    if (kind === 'voice') form.set('seconds', '3')
    form.set('file', new Blob([bytes], { type: mimetype }), 'ä "name".bin')
    const response = await bridge.fetch('POST', '/send-media', { body: form })
    const answer = (await response.json()) as { messageId: string }
    assert.equal(response.status, 200, JSON.stringify(answer))
    const bubble = await simulator.bubble(ANN, ({ id }) => id === answer.messageId)
    assert.equal(bubble.kind, kind)
    assert.equal(bubble.media?.sha256, sha256(bytes))
    assert.equal(bubble.media?.mimetype, mimetype)
    if (kind === 'image') assert.equal(bubble.caption, 'ünï cäption')
    if (kind === 'document') assert.equal(bubble.media?.filename, 'ä "name".bin')
  })
}

test('by url: only from the agent’s own origin, without redirects; the kind follows from the mimetype', async () => {
  const bytes = randomBytes(5000)
  agent.files.set('/files/a', bytes)
  const command = { to: ANN_JID, url: `${agent.url}/files/a`, mimetype: 'application/pdf', filename: 'a.pdf' }
  const sent = await bridge.post('/send-media', command, 'by-url')
  assert.equal(sent.status, 200)
  const bubble = await simulator.bubble(ANN, ({ id }) => id === sent.body.messageId)
  assert.deepEqual(
    [bubble.kind, bubble.media?.sha256, bubble.media?.filename],
    ['document', sha256(bytes), 'a.pdf'],
  )
  assert.deepEqual((await bridge.post('/send-media', command, 'by-url')).body, {
    ...sent.body,
    repeated: true,
  })
  for (const url of [
    simulator.control,
    'file:///etc/passwd',
    '/etc/passwd',
    `${agent.url}.evil.example/x`,
    'http://127.1/x',
  ])
    assert.equal((await bridge.post('/send-media', { ...command, url })).status, 422, url)
  assert.equal((await bridge.post('/send-media', { ...command, url: `${agent.url}/missing` })).status, 422)
})

test('a file sent again under its key is one bubble, also when the first answer was lost', async () => {
  const bytes = randomBytes(1000)
  const send = async () => {
    const form = new FormData()
    form.set('to', ANN_JID)
    form.set('file', new Blob([bytes], { type: 'image/png' }), 'a.png')
    const response = await bridge.fetch('POST', '/send-media', {
      body: form,
      headers: { 'idempotency-key': 'file-1' },
    })
    return (await response.json()) as { messageId: string; repeated?: boolean }
  }
  const first = await send()
  await bridge.restart()
  assert.deepEqual(await send(), { ...first, repeated: true })
  const bubbles = await simulator.call<Bubble[]>('GET', `/phones/${ANN}/messages`)
  assert.equal(bubbles.filter(({ id }) => id === first.messageId).length, 1)
})

test('media can be fetched after a restart, and again when WhatsApp has dropped it', async () => {
  const bytes = randomBytes(20_000)
  const media = { kind: 'document', base64: bytes.toString('base64'), mimetype: 'application/pdf' }
  const id = await simulator.send(ANN, { to: CLEO, media })
  const event = await agent.event('the document', (e) => e.messageId === id)
  await bridge.restart()
  const path = new URL(event.media?.url ?? '').pathname
  assert.equal(sha256(Buffer.from(await (await bridge.fetch('GET', path)).arrayBuffer())), sha256(bytes))
  for (const code of [404, 410]) {
    await simulator.fault({ on: 'download', do: 'refuse', code })
    const again = await bridge.fetch('GET', path)
    assert.equal(again.status, 200, `after ${code}`)
    assert.equal(sha256(Buffer.from(await again.arrayBuffer())), sha256(bytes))
  }
})

test('damaged or oversized media is refused, never served', async () => {
  const say = async (bytes: Buffer) => {
    const media = { kind: 'image', base64: bytes.toString('base64'), mimetype: 'image/png' }
    const id = await simulator.send(ANN, { to: CLEO, media })
    return agent.event('the image', (e) => e.messageId === id)
  }
  const event = await say(randomBytes(30_000))
  for (const damage of ['corrupt', 'truncate']) {
    await simulator.fault({ on: 'download', do: damage })
    assert.equal(
      (await download({ ...event, media: { url: bridge.url + new URL(event.media?.url ?? '').pathname } }))
        .status,
      502,
    )
  }
  const big = await say(randomBytes(LIMIT + 1))
  assert.equal((await download(big)).status, 413)
  const form = new FormData()
  form.set('to', ANN_JID)
  form.set('file', new Blob([randomBytes(LIMIT + 1)]), 'big.bin')
  assert.equal((await bridge.fetch('POST', '/send-media', { body: form })).status, 413)
  assert.equal((await bridge.fetch('GET', '/media/nothing')).status, 404)
})

test('an upload that fails says so and sends nothing; no file is left behind', async () => {
  const { id } = await simulator.fault({ on: 'upload', do: 'refuse', code: 500, times: 0 })
  const form = new FormData()
  form.set('to', ANN_JID)
  form.set('file', new Blob([randomBytes(1000)], { type: 'image/png' }), 'a.png')
  const response = await bridge.fetch('POST', '/send-media', { body: form })
  assert.equal(response.status, 503)
  await simulator.call('DELETE', `/faults/${id}`)
  assert.deepEqual(readdirSync(join(bridge.data, 'tmp')), [])
})

/** Make an Ogg page with these packets, each shorter than 255 bytes. */
function page(granule: number, packets: Buffer[]): Buffer {
  const head = Buffer.alloc(27 + packets.length)
  head.write('OggS', 'latin1')
  head.writeBigInt64LE(BigInt(granule), 6)
  head[26] = packets.length
  packets.forEach((packet, index) => {
    head[27 + index] = packet.length
  })
  return Buffer.concat([head, ...packets])
}

/** Make a voice note of 20 ms packets: silence, then speech. */
function voiceNote(seconds: number): Buffer {
  const opusHead = Buffer.concat([Buffer.from('OpusHead'), Buffer.from([1, 1, 0x38, 1]), Buffer.alloc(7)])
  const pages = Array.from({ length: seconds }, (_, second) =>
    page(
      48_000 * (second + 1) + 312,
      Array.from({ length: 50 }, () => Buffer.alloc(second * 2 < seconds ? 4 : 120)),
    ),
  )
  return Buffer.concat([page(0, [opusHead]), page(0, [Buffer.from('OpusTags')]), ...pages])
}

/** Make a WAV file that grows louder. */
function wave(seconds: number): Buffer {
  const samples = Buffer.alloc(seconds * 16_000)
  for (let index = 0; index < samples.length / 2; index += 1)
    samples.writeInt16LE(
      Math.round(((index % 2 ? 1 : -1) * (30_000 * 2 * index)) / samples.length),
      index * 2,
    )
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.writeUInt32LE(16_000, 28)
  head.writeUInt16LE(16, 34)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}

test('a voice note shows its own length and its own bars', async () => {
  const cases: [string, Buffer, string, number][] = [
    ['v1', voiceNote(8), 'audio/ogg; codecs=opus', 8],
    ['v2', wave(3), 'audio/wav', 3],
  ]
  for (const [name, bytes, mimetype, seconds] of cases) {
    const form = new FormData()
    for (const [field, value] of Object.entries({ to: ANN_JID, kind: 'voice', mimetype }))
      form.set(field, value)
    form.set('file', new Blob([bytes]), name)
    const sent = (await (await bridge.fetch('POST', '/send-media', { body: form })).json()) as {
      messageId: string
    }
    const { media } = await simulator.bubble(ANN, ({ id }) => id === sent.messageId)
    const { waveform = [], seconds: shown } = media as unknown as { waveform?: number[]; seconds: number }
    assert.deepEqual([shown, waveform.length, waveform[0], waveform.at(-1)], [seconds, 64, 0, 100])
    assert.ok(waveform.every((bar) => bar >= 0 && bar <= 100))
  }
  const form = new FormData()
  for (const [field, value] of Object.entries({ to: ANN_JID, kind: 'voice', seconds: '5' }))
    form.set(field, value)
  form.set('file', new Blob(['no sound at all']), 'x')
  const sent = (await (await bridge.fetch('POST', '/send-media', { body: form })).json()) as {
    messageId: string
  }
  const { media } = await simulator.bubble(ANN, ({ id }) => id === sent.messageId)
  const { waveform = [], seconds } = media as unknown as { waveform?: number[]; seconds: number }
  assert.deepEqual([seconds, waveform.length, new Set(waveform).size], [5, 64, 1])
})
