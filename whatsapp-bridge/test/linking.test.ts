import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { HealthAnswer, LinkAnswer } from '../src/contract.ts'
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

/** Wait for a QR code. */
const qrOf = (bridge: BridgeProcess) =>
  until('a QR', async () => {
    const answer = await bridge.get<LinkAnswer>('/link')
    return answer.state === 'qr' ? answer.qr : undefined
  })

/** Send a stanza to the bridges that are not linked yet. */
const toUnlinked = async (stanza: object) => {
  const { connections } = await simulator.call<{ connections: { id: number; number?: string }[] }>(
    'GET',
    '/state',
  )
  for (const { id, number } of connections)
    if (!number) await simulator.call('POST', '/connections/stanzas', { id, stanza })
}

const notification = (type: string, child: string, id: string) => ({
  tag: 'notification',
  attrs: { from: 's.whatsapp.net', type, id },
  content: [{ tag: child }],
})

/** Return the stanzas that bridges sent. */
const sentStanzas = async () =>
  (
    await simulator.call<{ direction: string; tag: string; attrs: Record<string, string> }[]>(
      'GET',
      '/stanzas',
    )
  ).filter(({ direction }) => direction === 'in')

test('WhatsApp voids the secret while the QR is shown: acknowledged, drawn anew, and only the new code links', async () => {
  await simulator.call('POST', '/stanzas', { record: true })
  for (const [number, child] of [
    ['15550000020', 'companion_reg_refresh'],
    ['15550000021', 'pair-device-rotate-qr'],
  ] as const) {
    await simulator.phone(number)
    const bridge = await new BridgeProcess(simulator, agent).start()
    const before = await qrOf(bridge)
    await toUnlinked(notification('companion_reg_refresh', child, `refresh-${number}`))
    const after = await until('another QR', async () => {
      const qr = await qrOf(bridge)
      return qr !== before ? qr : undefined
    })
    const parts = (qr: string) => qr.split(',')
    assert.deepEqual(parts(after).toSpliced(3, 1), parts(before).toSpliced(3, 1))
    const acks = (await sentStanzas()).filter(
      ({ tag, attrs }) => tag === 'ack' && attrs.id === `refresh-${number}`,
    )
    assert.deepEqual(
      acks.map(({ attrs }) => [attrs.class, attrs.type, attrs.to]),
      [['notification', 'companion_reg_refresh', 's.whatsapp.net']],
    )
    await bridge.link(simulator, number)
    await bridge.kill('SIGTERM')
  }
})

test('a login that succeeds before anything is linked is no connection, and the QR stays', async () => {
  const number = '15550000022'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  const before = await qrOf(bridge)
  await toUnlinked({ tag: 'success', attrs: { t: '1785000000', lid: '199:1@lid' } })
  await until('the count', async () => (await bridge.health()).counters?.ignored_success)
  assert.equal((await bridge.health()).state, 'linking')
  assert.equal(await qrOf(bridge), before)
  assert.ok(!bridge.lines.some(({ state }) => state === 'connected'))
  await bridge.link(simulator, number)
  await bridge.kill('SIGTERM')
})

const stopped = (bridge: BridgeProcess): Promise<HealthAnswer> =>
  until('the stop', async () => {
    const now = await bridge.health()
    return now.state === 'stopped' ? now : undefined
  })

test('a refused pairing code is said at once, in words; asking again works', async () => {
  const number = '15550000023'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await qrOf(bridge)
  for (const code of [400, 429]) {
    const match = { tag: 'iq', child: 'link_code_companion_reg' }
    await simulator.fault({ on: 'in', do: 'refuse', code, match })
    const started = Date.now()
    const { body } = await bridge.post('/link', { phone: number })
    const now = await stopped(bridge)
    assert.ok(Date.now() - started < 10_000)
    assert.ok(['stopped', 'code'].includes(String(body.state)))
    assert.match(now.message, new RegExp(`refused a pairing code .*${code}.*(digits|hour)`))
    assert.equal(now.code, code)
    assert.equal((await bridge.get<LinkAnswer>('/link')).state, 'stopped')
  }
  const link = (await bridge.post('/link', { phone: number })).body as unknown as LinkAnswer
  assert.equal(link.state, 'code')
  await simulator.call('POST', `/phones/${number}/link/code`, { code: link.code })
  await bridge.connected()
  await bridge.kill('SIGTERM')
})

test('a pairing code that WhatsApp voids is replaced', async () => {
  const number = '15550000024'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent, { WHATSAPP_PHONE: number }).start()
  const codeNow = async () => {
    const link = await bridge.get<LinkAnswer>('/link')
    return link.state === 'code' ? link.code : undefined
  }
  const first = await until('a code', codeNow)
  await toUnlinked({
    tag: 'notification',
    attrs: { from: 's.whatsapp.net', type: 'link_code_companion_reg', id: 'void' },
    content: [{ tag: 'link_code_companion_reg', attrs: { stage: 'refresh_code' } }],
  })
  const second = await until('another code', async () => {
    const code = await codeNow()
    return code !== first ? code : undefined
  })
  await simulator.call('POST', `/phones/${number}/link/code`, { code: second })
  await bridge.connected()
  await bridge.kill('SIGTERM')
})

test('a passkey that is asked for is said at once, and acknowledged', async () => {
  for (const [type, child] of [
    ['passkey_prologue_request', 'passkey_request_options'],
    ['crsc_continuation', 'primary_ephemeral_identity'],
  ] as const) {
    const bridge = await new BridgeProcess(simulator, agent).start()
    await qrOf(bridge)
    await toUnlinked(notification(type, child, `passkey-${type}`))
    assert.match((await stopped(bridge)).message, /passkey/)
    assert.equal((await bridge.get<LinkAnswer>('/link')).state, 'stopped')
    assert.ok((await sentStanzas()).some(({ tag, attrs }) => tag === 'ack' && attrs.id === `passkey-${type}`))
    const link = (await (await bridge.fetch('POST', '/link')).json()) as LinkAnswer
    assert.equal(link.state, 'qr')
    await bridge.kill('SIGTERM')
  }
})

test('a temporary ban waits until it ends and says until when; what is refused for good stops with a sentence', async () => {
  const number = '15550000025'
  await simulator.phone(number)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await bridge.link(simulator, number)
  const logins = () => bridge.lines.filter(({ state }) => state === 'connecting').length
  await simulator.fault({ on: 'login', do: 'refuse', code: 402, attrs: { expire: '3', code: '101' } })
  await simulator.call('POST', '/connections/drop', { number })
  const banned = await until('the ban', async () => {
    const now = await bridge.health()
    return now.code === 402 ? now : undefined
  })
  const before = logins()
  assert.equal(banned.state, 'waiting')
  assert.match(banned.message, /banned .*402.*too many people.*ends at 20\d\d-\d\d-\d\d \d\d:\d\d UTC/)
  await bridge.connected()
  assert.equal(logins(), before + 1, 'it did not try in between')
  for (const [code, words] of [
    [406, /locked .*406/],
    [409, /409/],
    [415, /415/],
    [516, /516/],
  ] as const) {
    await simulator.fault({ on: 'login', do: 'refuse', code, times: 0 })
    await simulator.call('POST', '/connections/drop', { number })
    const now = await stopped(bridge)
    assert.equal(now.code, code)
    assert.match(now.message, words)
    await simulator.call('DELETE', '/faults')
    await bridge.restart()
  }
  await bridge.kill('SIGTERM')
})
