import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { downloadMediaMessage, type WAMessage } from 'baileys'
import { Bridge } from './bridge.ts'
import { type Entry, Harness, type SimulatedPhone } from './harness.ts'

type Media = {
  url: string
  sha256: string
  size: number
  mimetype: string
  filename?: string
  error?: string
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describe('media', () => {
  let harness: Harness
  let cleo: SimulatedPhone
  let ann: SimulatedPhone
  let bridge: Bridge
  const shown = (id: string | null | undefined): Promise<Entry> => ann.waitFor((one) => one.id === id)
  const download = (message: WAMessage): Promise<Buffer> => downloadMediaMessage(message, 'buffer', {})

  before(async () => {
    harness = await Harness.start()
    cleo = await harness.phone('15550000000', { name: 'Cleo' })
    ann = await harness.phone('15551234567', { name: 'Ann' })
    bridge = await Bridge.linked(harness, cleo)
  })
  after(() => harness.stop())

  test('a 3 MB document goes out over HTTPS and the phone can open it', async () => {
    const bytes = randomBytes(3 * 1024 * 1024)
    const sent = await bridge.send(ann.jid, {
      document: bytes,
      mimetype: 'application/pdf',
      fileName: 'x.pdf',
      caption: 'cap',
    })
    const bubble = await shown(sent.key.id)
    const media = bubble.media as Media
    assert.deepEqual(
      [bubble.kind, bubble.caption, media.filename, media.size],
      ['document', 'cap', 'x.pdf', bytes.length],
    )
    assert.equal(media.sha256, createHash('sha256').update(bytes).digest('hex'))
    assert.equal(media.error, undefined)
    assert.ok((await harness.bytes(media.url)).equals(bytes))
  })

  test('an image, a voice note, a video and a sticker go out as what they are', async () => {
    const image = await bridge.send(ann.jid, { image: PNG, caption: 'pic', jpegThumbnail: '' })
    assert.equal((await shown(image.key.id)).kind, 'image')
    const voice = await bridge.send(ann.jid, {
      audio: PNG,
      ptt: true,
      mimetype: 'audio/ogg; codecs=opus',
      seconds: 3,
    })
    assert.equal((await shown(voice.key.id)).kind, 'voice')
    const video = await bridge.send(ann.jid, { video: PNG, jpegThumbnail: '' })
    assert.equal((await shown(video.key.id)).kind, 'video')
    const sticker = await bridge.send(ann.jid, { sticker: PNG })
    const { kind, media } = await shown(sticker.key.id)
    assert.equal(kind, 'sticker')
    assert.ok((await harness.bytes((media as Media).url)).equals(PNG))
  })

  test('what a phone sends can be downloaded and decrypted', async () => {
    const path = join(tmpdir(), `simulator-media-${process.pid}`)
    writeFileSync(path, PNG)
    for (const [kind, field] of Object.entries({
      image: 'imageMessage',
      video: 'videoMessage',
      audio: 'audioMessage',
      voice: 'audioMessage',
      document: 'documentMessage',
      sticker: 'stickerMessage',
    })) {
      const id = await ann.send({ to: cleo.number, media: { kind, path, mimetype: 'x/y', filename: 'f' } })
      const { message } = await bridge.waitForMessage((one) => one.key.id === id)
      assert.ok(message.message && field in message.message, kind)
      assert.ok((await download(message)).equals(PNG), kind)
    }
    const id = await ann.send({
      to: cleo.number,
      text: 'look',
      media: { kind: 'document', base64: PNG.toString('base64'), mimetype: 'image/png' },
    })
    const { message } = await bridge.waitForMessage((one) => one.key.id === id)
    assert.equal(message.message?.documentWithCaptionMessage?.message?.documentMessage?.caption, 'look')
  })

  test('uploads and downloads fail on command, and work again', async () => {
    await harness.fault({ on: 'upload', do: 'refuse', code: 500 })
    await assert.rejects(bridge.send(ann.jid, { image: PNG, jpegThumbnail: '' }), /upload failed/i)
    await bridge.send(ann.jid, { image: PNG, jpegThumbnail: '' })

    const id = await ann.send({
      to: cleo.number,
      media: { kind: 'image', base64: PNG.toString('base64'), mimetype: 'image/png' },
    })
    const { message } = await bridge.waitForMessage((one) => one.key.id === id)
    for (const rule of [{ do: 'refuse', code: 404 }, { do: 'truncate' }]) {
      await harness.fault({ on: 'download', ...rule })
      await assert.rejects(download(message))
    }
    assert.ok((await download(message)).equals(PNG))
    await harness.fault({ on: 'download', do: 'corrupt' })
    const damaged = await download(message).catch(() => undefined)
    assert.ok(!damaged?.equals(PNG))
  })

  test('a file that is gone from the media server is uploaded again by the phone that sent it', async () => {
    const id = await ann.send({
      to: cleo.number,
      media: { kind: 'image', base64: PNG.toString('base64'), mimetype: 'image/png' },
    })
    const { message } = await bridge.waitForMessage((one) => one.key.id === id)
    await harness.fault({
      on: 'download',
      do: 'refuse',
      code: 410,
      match: { path: message.message?.imageMessage?.directPath },
      times: 0,
    })
    await assert.rejects(download(message), /Failed to fetch/)
    assert.ok((await download(await bridge.socket.updateMediaMessage(message))).equals(PNG))
  })
})
