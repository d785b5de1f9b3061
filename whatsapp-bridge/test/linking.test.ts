import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { LinkAnswer } from '../src/contract.ts'
import { Agent, BridgeProcess, CLEO, cleanUp, Simulator, until } from './harness.ts'

after(cleanUp)

const simulator = await Simulator.start()
const agent = await Agent.start()
await simulator.phone(CLEO, { name: 'Cleo' })

test('linking by QR: the code is in GET /link, never in a log, and a stranger sees neither code nor number', async () => {
  const bridge = await new BridgeProcess(simulator, agent, { WHATSAPP_BRIDGE_LOG: 'trace' }).start()
  const link = await until('a QR', async () => {
    const answer = await bridge.get<LinkAnswer>('/link')
    return answer.state === 'qr' ? answer : undefined
  })
  assert.ok((link.secondsLeft ?? 0) > 30 && (link.secondsLeft ?? 0) <= 60)
  assert.equal((await fetch(`${bridge.url}/link`)).status, 403)
  await bridge.link(simulator)
  assert.equal((await bridge.get<LinkAnswer>('/link')).state, 'linked')
  assert.equal((await bridge.health()).account, `${CLEO}@s.whatsapp.net`)
  const stranger = (await (await fetch(`${bridge.url}/health`)).json()) as object
  assert.deepEqual(Object.keys(stranger).sort(), ['message', 'state'])
  const secret = link.qr?.split('#')[1]?.split(',')[0] ?? 'no ref'
  for (const output of [bridge.stdout, bridge.stderr]) {
    assert.ok(!output.includes(secret) && !output.includes(link.qr ?? ''))
    assert.ok(!output.includes(CLEO), 'a phone number was logged')
  }
  assert.ok(bridge.lines.some((line) => line.event === 'link' && line.kind === 'qr'))
  await bridge.kill('SIGTERM')
})

test('linking by pairing code: a wrong one fails and the next right one works', async () => {
  const number = '15550000001'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  const refused = await bridge.post('/link', { phone: '0151 123' })
  assert.equal(refused.status, 422)
  const { status, body } = await bridge.post('/link', { phone: '+1 555 000 0001' })
  assert.equal(status, 200)
  const link = body as unknown as LinkAnswer
  assert.equal(link.state, 'code')
  assert.match(link.code ?? '', /^[0-9A-Z]{8}$/)
  await assert.rejects(simulator.call('POST', `/phones/${number}/link/code`, { code: 'ABCDEFGH' }), /422/)
  const again = (await bridge.post('/link', { phone: number })).body as unknown as LinkAnswer
  assert.notEqual(again.code, link.code)
  await simulator.call('POST', `/phones/${number}/link/code`, { code: again.code })
  await bridge.connected()
  assert.equal((await bridge.health()).account, `${number}@s.whatsapp.net`)
  assert.ok(!bridge.stderr.includes(again.code ?? '-') && !bridge.stdout.includes(again.code ?? '-'))
  await bridge.kill('SIGTERM')
})

test('WHATSAPP_PHONE links by code from the start, and a code that was never entered does not spoil the next start', async () => {
  const number = '15550000002'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent, { WHATSAPP_PHONE: '+1 (555) 000-0002' }).start()
  const code = async () => {
    const link = await until('a code', async () => {
      const answer = await bridge.get<LinkAnswer>('/link')
      return answer.state === 'code' ? answer : undefined
    })
    return link.code
  }
  await code()
  await bridge.kill()
  await bridge.start()
  await simulator.call('POST', `/phones/${number}/link/code`, { code: await code() })
  await bridge.connected()
  await bridge.kill('SIGTERM')
})

test('unlinking logs out at the phone and offers a new QR at once', async () => {
  const number = '15550000003'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await bridge.link(simulator, number)
  assert.equal((await bridge.post('/unlink', {})).status, 200)
  await until('a QR', async () => (await bridge.get<LinkAnswer>('/link')).state === 'qr')
  const phone = await simulator.call<{ companions: unknown[] }>('GET', `/phones/${number}`)
  assert.equal(phone.companions.length, 0)
  await bridge.link(simulator, number)
  await bridge.kill('SIGTERM')
})

test('linked with another number, health and every event name it; what the first one received stays its own', async () => {
  const [first, second, ann] = ['15550000006', '15550000007', '15551112222']
  for (const number of [first, second, ann]) await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await bridge.link(simulator, first)
  await agent.close()
  await simulator.send(ann, { to: first, text: 'for the first number' })
  await until('the message', async () => ((await bridge.health()).spool ?? 0) > 0)
  assert.equal((await bridge.post('/unlink', {})).status, 200)
  await until('a QR', async () => (await bridge.get<LinkAnswer>('/link')).state === 'qr')
  assert.equal((await bridge.health()).account, undefined)
  await bridge.link(simulator, second)
  assert.equal((await bridge.health()).account, `${second}@s.whatsapp.net`)
  await agent.listen()
  await simulator.send(ann, { to: second, text: 'for the second number' })
  for (const [text, number] of [
    ['for the first number', first],
    ['for the second number', second],
  ] as const)
    assert.equal((await agent.text(text)).account, `${number}@s.whatsapp.net`)
  await bridge.kill('SIGTERM')
})

test('removed at the phone: it stops, says so in words, and links anew when asked', async () => {
  const number = '15550000004'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await bridge.link(simulator, number)
  await simulator.call('DELETE', `/phones/${number}/companions/1`)
  const health = await until('the stop', async () => {
    const now = await bridge.health()
    return now.state === 'stopped' ? now : undefined
  })
  assert.equal(health.code, 401)
  assert.match(health.message, /Link it again/)
  assert.equal((await bridge.get<LinkAnswer>('/link')).state, 'stopped')
  assert.equal((await bridge.post('/send', { to: CLEO, text: 'x' })).status, 503)
  const link = (await (await bridge.fetch('POST', '/link')).json()) as LinkAnswer
  assert.equal(link.state, 'qr')
  await bridge.link(simulator, number)
  await bridge.kill('SIGTERM')
})

test('440, 405, 403: it stops and does not fight; 515 and 503: it comes back by itself', async () => {
  const number = '15550000005'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await bridge.link(simulator, number)
  for (const code of [515, 503]) {
    const before = bridge.lines.filter((line) => line.state === 'connected').length
    await simulator.call('POST', '/stream-error', { number, code })
    await until(
      `connected after ${code}`,
      () => bridge.lines.filter((line) => line.state === 'connected').length > before,
    )
  }
  for (const [code, words] of [
    [440, /taken over/],
    [405, /WHATSAPP_WEB_VERSION/],
    [403, /banned or restricted/],
  ] as const) {
    await simulator.call('POST', '/stream-error', { number, code })
    const health = await until(`the stop after ${code}`, async () => {
      const now = await bridge.health()
      return now.state === 'stopped' ? now : undefined
    })
    assert.equal(health.code, code)
    assert.match(health.message, words)
    await bridge.restart()
  }
  await bridge.kill('SIGTERM')
})
