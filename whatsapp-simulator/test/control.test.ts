import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Harness } from './harness.ts'

describe('the control API', () => {
  let harness: Harness
  const state = mkdtempSync(join(tmpdir(), 'simulator-state-'))

  before(async () => {
    harness = await Harness.start('--state', state)
  })
  after(async () => {
    await harness.stop()
    assert.ok(existsSync(join(state, 'ca.pem')), 'a given state directory is kept')
    rmSync(state, { recursive: true })
  })

  test('the ready line tells a bridge all it needs', () => {
    const { env, socket, noiseRoot, mediaHost, ca } = harness.ready
    assert.equal(ca, join(state, 'ca.pem'))
    assert.deepEqual(
      [
        env.WHATSAPP_WEB_SOCKET_URL,
        env.NODE_EXTRA_CA_CERTS,
        env.CLEO_SIM_NOISE_ROOT,
        env.CLEO_SIM_MEDIA_HOST,
      ],
      [socket, ca, noiseRoot, mediaHost],
    )
    assert.match(env.NODE_OPTIONS ?? '', /^--import file:\/\/.*\/trust\.ts$/)
  })

  test('phones are made once and changed by making them again', async () => {
    const first = await harness.post('/phones', { number: '+15551230000', name: 'A', lid: '777888999' })
    assert.deepEqual([first.jid, first.lid], ['15551230000@s.whatsapp.net', '777888999@lid'])
    const again = await harness.post('/phones', { number: '15551230000', name: 'B' })
    assert.deepEqual([again.lid, again.name], ['777888999@lid', 'B'])
    await assert.rejects(harness.post('/phones', { number: '15551230000', lid: '111222333' }), /409/)
    await assert.rejects(
      harness.post('/phones', { number: '15551230001', lid: '777888999' }),
      /409: the LID .* is taken/,
    )
  })

  test('bad input is refused with a reason and changes nothing', async () => {
    const phone = await harness.phone('15551230002')
    const send = (message: object) => harness.post(phone.path('messages'), message)
    const wrong: [() => Promise<unknown>, RegExp][] = [
      [() => harness.post('/phones', {}), /400: the body needs "number"/],
      [() => harness.post('/phones', { number: 'abc' }), /400: "abc" is no phone number/],
      [() => harness.post('/phones', { number: 15551230000 }), /400: "number" in the body must be a string/],
      [
        () => harness.post('/phones', { number: '15551230002', colour: 'red' }),
        /400: the body has no field "colour"/,
      ],
      [() => harness.get('/phones/19999999999'), /404: there is no phone/],
      [() => harness.get('/nowhere'), /404/],
      [() => harness.call('DELETE', '/state'), /405/],
      [() => send({ text: 'x' }), /400: a message needs either "to" or "group"/],
      [() => send({ to: phone.number }), /400: a message needs one of/],
      [() => send({ to: phone.number, text: 'x', poll: {} }), /400: a message cannot have/],
      [() => send({ to: '19999999999', text: 'x' }), /404: nobody has the address/],
      [() => send({ group: '1@g.us', text: 'x' }), /404: there is no group/],
      [() => send({ to: phone.number, vote: { id: 'X', options: [] } }), /409: .* knows no poll/],
      [() => send({ to: phone.number, raw: { nonsense: 1 } }), /400: proto.Message has no field "nonsense"/],
      [() => send({ to: phone.number, media: { kind: 'image', mimetype: 'image/png' } }), /400: media needs/],
      [
        () => send({ to: phone.number, media: { kind: 'image', mimetype: 'a/b', path: '/no/such' } }),
        /400: the file/,
      ],
      [
        () => harness.post('/faults', { on: 'upload', do: 'drop' }),
        /400: "drop" is not possible on "upload"/,
      ],
      [() => harness.post('/faults', { on: 'in', do: 'delay' }), /400: the body needs "ms"/],
      [() => harness.post(phone.path('link/qr'), { qr: 'junk' }), /409/],
      [() => harness.get(phone.path('companions/any?until=online&wait=30')), /408/],
      [() => harness.get(phone.path('messages?after=-1')), /400: "after" must be a whole number/],
      [() => harness.get(phone.path('media/1')), /404: there is no media message/],
      [() => harness.post('/offline', { number: phone.number, action: 'hold' }), /404: .* no linked device/],
    ]
    for (const [attempt, reason] of wrong) await assert.rejects(attempt, reason)
    const response = await fetch(`${harness.ready.control}/phones`, { method: 'POST', body: '{' })
    assert.equal(response.status, 400)
    assert.equal((await phone.entries()).length, 0)
  })

  test('feeds wait for the first entry and go on after the last one seen', async () => {
    const ann = await harness.phone('15551230003', { name: 'Ann' })
    const bob = await harness.phone('15551230004')
    const waiting = harness.get<{ seq: number; text: string }[]>(bob.path('messages?wait=5000'))
    const [first] = [
      await ann.send({ to: bob.number, text: 'one' }),
      await ann.send({ to: bob.number, text: 'two' }),
    ]
    assert.equal((await waiting)[0]?.text, 'one')
    const rest = await harness.get<{ text: string }[]>(bob.path('messages?after=1'))
    assert.deepEqual(
      rest.map(({ text }) => text),
      ['two'],
    )
    assert.deepEqual(await harness.get(bob.path('messages?after=2&wait=30')), [])
    assert.equal((await ann.waitFor(({ id }) => id === first, 'receipts')).from, bob.number)
  })

  test('the media host speaks HTTPS with a certificate of the written authority, and nothing else does', async () => {
    const status = (ca: string | undefined) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = ca === undefined ? { ca: [] } : { ca }
        https
          .get(`https://${harness.ready.mediaHost}/none`, options, ({ statusCode }) => resolve(statusCode))
          .on('error', reject)
      })
    assert.equal(await status(readFileSync(harness.ready.ca, 'utf8')), 404)
    await assert.rejects(status(undefined), /certificate/)
  })
})
