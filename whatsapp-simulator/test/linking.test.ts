import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Bridge } from './bridge.ts'
import { eventually, Harness } from './harness.ts'

describe('linking', () => {
  let harness: Harness
  before(async () => {
    harness = await Harness.start()
  })
  after(() => harness.stop())

  test('a client is linked by QR, restarted by 515, logs in and uploads its prekeys', async () => {
    const cleo = await harness.phone('15550000000', { name: 'Cleo' })
    const bridge = await Bridge.linked(harness, cleo)
    assert.deepEqual(bridge.closes, [515])
    assert.equal(bridge.socket.user?.id, '15550000000:1@s.whatsapp.net')
    await bridge.waitForEvent('messaging-history.set')
    const companion = await cleo.companion()
    assert.equal(companion.preKeys, 811, 'of 812 the phone took one for its initial history')
    await bridge.disconnect()
  })

  test('a QR works once, and only for a client that is there', async () => {
    const phone = await harness.phone('15550000001')
    const bridge = new Bridge(harness).connect()
    const qr = await bridge.qr()
    const foreign = qr.split(',').with(1, Buffer.alloc(32, 7).toString('base64')).join(',')
    await assert.rejects(harness.post(phone.path('link/qr'), { qr: foreign }), /409: the Noise key/)
    await harness.post(phone.path('link/qr'), { qr })
    await assert.rejects(
      harness.post(phone.path('link/qr'), { qr }),
      /409: this QR belongs to no waiting client/,
    )
    await bridge.disconnect()
  })

  test('a client is linked by pairing code; a wrong code is refused and the right one still works', async () => {
    const phone = await harness.phone('15559990000')
    await assert.rejects(
      harness.post(phone.path('link/code'), { code: 'ABCDEFGH' }),
      /409: no client has asked/,
    )
    const bridge = new Bridge(harness).connect()
    await bridge.qr()
    const code = await bridge.socket.requestPairingCode(phone.number)
    await eventually(async () => (await phone.view()).pairing, 'a request for a code')
    await assert.rejects(
      harness.post(phone.path('link/code'), { code: 'ABCDEFGH' }),
      /422: wrong pairing code/,
    )
    const { device } = await harness.post(phone.path('link/code'), {
      code: `${code.slice(0, 4)}-${code.slice(4)}`.toLowerCase(),
    })
    await bridge.online(phone)
    assert.equal(bridge.socket.user?.id, `15559990000:${device}@s.whatsapp.net`)
    await bridge.disconnect()
  })

  test('logging out removes the device; logging in again gets a 401', async () => {
    const phone = await harness.phone('15550000002')
    const bridge = await Bridge.linked(harness, phone)
    await bridge.socket.logout()
    await eventually(async () => (await phone.view()).companions.length === 0, 'no device')
    bridge.clearEvents()
    bridge.connect()
    await bridge.closed(401)
  })

  test('a device that the phone removes gets a 401 at once and at every login', async () => {
    const phone = await harness.phone('15550000003')
    const bridge = await Bridge.linked(harness, phone)
    await harness.delete(phone.path('companions/1'))
    await bridge.closed(401)
    bridge.clearEvents()
    bridge.connect()
    await bridge.closed(401)
  })

  test('whoever logs in second with the same keys wins; the first gets a 440', async () => {
    const phone = await harness.phone('15550000004')
    const first = await Bridge.linked(harness, phone)
    const second = new Bridge(harness, {}, first.auth).connect()
    await first.closed(440)
    await second.online(phone)
    await second.disconnect()
  })

  test('a client whose prekeys run low is asked for more', async () => {
    const [phone, stranger] = [await harness.phone('15550000005'), await harness.phone('15550000006')]
    const bridge = await Bridge.linked(harness, phone)
    const other = await Bridge.linked(harness, stranger)
    await bridge.waitForEvent('messaging-history.set')
    const user = { tag: 'user', attrs: { jid: '15550000005:1@s.whatsapp.net' } }
    const content = [{ tag: 'key', attrs: {}, content: Array.from({ length: 809 }, () => user) }]
    await other.socket.query({
      tag: 'iq',
      attrs: { xmlns: 'encrypt', type: 'get', to: '@s.whatsapp.net' },
      content,
    })
    await eventually(async () => (await phone.companion()).preKeys > 4, 'more prekeys')
  })
})
