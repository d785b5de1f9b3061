import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, test } from 'node:test'
import { Agent, ANN, ANN_JID, BridgeProcess, CLEO, cleanUp, Simulator, until } from './harness.ts'

after(cleanUp)

/** An HTTP proxy that leads WhatsApp's names to the simulator. */
async function startProxy(target: string): Promise<{ url: string; tunnels: string[] }> {
  const tunnels: string[] = []
  const server = createServer((_, response) => response.writeHead(400).end())
  const sockets: { destroy(): unknown }[] = []
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '')
    const [host, port] = target.split(':')
    const upstream = connect(Number(port), host)
    for (const end of [upstream, socket])
      end.on('error', () => {
        upstream.destroy()
        socket.destroy()
      })
    sockets.push(socket, upstream)
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.pipe(upstream).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://user:pass%20word@127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, tunnels }
}

const file = (text: string) => {
  const form = new FormData()
  form.set('to', ANN_JID)
  form.set('caption', text)
  form.set('file', new Blob(['hello'], { type: 'text/plain' }), 'a.txt')
  return form
}

test('socket, uploads and downloads go through HTTPS_PROXY; the agent on this machine does not; health says so', async () => {
  const [simulator, agent] = await Promise.all([Simulator.start('--public-names'), Agent.start()])
  const proxy = await startProxy(simulator.mediaHost)
  for (const [number, name] of [
    [CLEO, 'Cleo'],
    [ANN, 'Ann'],
  ])
    await simulator.phone(String(number), { name })
  const bridge = await new BridgeProcess(simulator, agent, { HTTPS_PROXY: proxy.url }).start()
  await bridge.link(simulator)
  assert.ok(proxy.tunnels.includes('web.whatsapp.com:443'))
  assert.ok(!proxy.tunnels.includes('mmg.whatsapp.net:443'))
  assert.equal((await bridge.fetch('POST', '/send-media', { body: file('up') })).status, 200)
  await simulator.bubble(ANN, ({ caption, media }) => caption === 'up' && Boolean(media?.sha256))
  assert.ok(proxy.tunnels.includes('mmg.whatsapp.net:443'))
  const before = proxy.tunnels.length
  await simulator.send(ANN, {
    to: CLEO,
    text: 'down',
    media: { kind: 'document', base64: Buffer.from('content').toString('base64'), mimetype: 'text/plain' },
  })
  const event = await agent.text('down')
  const download = await bridge.fetch('GET', new URL(event.media?.url ?? '').pathname)
  assert.equal(await download.text(), 'content')
  assert.ok(proxy.tunnels.length > before)
  assert.deepEqual(new Set(proxy.tunnels), new Set(['web.whatsapp.com:443', 'mmg.whatsapp.net:443']))
  const health = await bridge.health()
  assert.equal(health.proxy, new URL(proxy.url).host)
  assert.match(health.message, /through the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY\)/)
  assert.ok(
    !JSON.stringify([health, bridge.stderr, bridge.stdout]).includes('pass'),
    'the password of the proxy shows',
  )
  await bridge.kill('SIGTERM')
})

test('a loopback address is never reached by the proxy, nor is what NO_PROXY names', async () => {
  const [simulator, agent] = await Promise.all([Simulator.start(), Agent.start()])
  await simulator.phone(CLEO)
  const proxy = await startProxy(simulator.mediaHost)
  const socket = `wss://${simulator.mediaHost}/ws/chat`
  for (const env of [{}, { WHATSAPP_WEB_SOCKET_URL: socket }] as Record<string, string>[]) {
    const bridge = await new BridgeProcess(simulator, agent, { HTTPS_PROXY: proxy.url, ...env }).start()
    await bridge.link(simulator)
    await bridge.kill('SIGTERM')
  }
  const wrong = new BridgeProcess(simulator, agent, { HTTPS_PROXY: 'socks5://proxy.lan:1080' })
  wrong.spawn()
  assert.equal(await wrong.exit(), 78)
  assert.match(wrong.stderr, /HTTPS_PROXY must be the address of an HTTP proxy such as/)
  assert.deepEqual(proxy.tunnels, [])
})

const CURRENT = 1_099_999_999
const version = (revision: number) => `2.3000.${revision}`

test('the current version of WhatsApp Web is looked up, used, kept as the last good one, and said in health', async () => {
  const [simulator, agent] = await Promise.all([Simulator.start(), Agent.start()])
  await simulator.phone(CLEO)
  const bundled = await new BridgeProcess(simulator, agent, { WHATSAPP_WEB_VERSION: 'bundled' }).start()
  await bundled.link(simulator)
  assert.equal((await bundled.health()).webVersionFrom, 'bundled')
  await bundled.kill('SIGTERM')

  // too old by the time that it starts: the current one is looked up, and it goes on by itself
  await simulator.call('POST', '/web-version', { current: CURRENT, least: CURRENT })
  const data = bundled.data
  const bridge = await new BridgeProcess(simulator, agent, { WHATSAPP_WEB_VERSION: 'current' }, data).start()
  await bridge.connected()
  const now = await bridge.health()
  assert.deepEqual([now.webVersion, now.webVersionFrom], [version(CURRENT), 'current'])
  await bridge.kill('SIGTERM')

  // the page is gone: the last good one is used
  await simulator.call('POST', '/web-version', { least: CURRENT })
  await bridge.restart()
  assert.equal((await bridge.health()).webVersion, version(CURRENT))
  await bridge.kill('SIGTERM')

  // a version that is pinned is never changed, and its refusal stops with a sentence
  const pinned = await new BridgeProcess(simulator, agent, { WHATSAPP_WEB_VERSION: '2.3000.5' }, data).start()
  const refused = await until('the stop', async () => {
    const health = await pinned.health()
    return health.state === 'stopped' ? health : undefined
  })
  assert.deepEqual([refused.code, refused.webVersionFrom], [405, 'setting'])
  assert.match(refused.message, /WHATSAPP_WEB_VERSION/)
  await pinned.kill('SIGTERM')
})

test('what WhatsApp does not let the number do now is said beside the connection, until it is lifted', async () => {
  const [simulator, agent] = await Promise.all([Simulator.start(), Agent.start()])
  await simulator.phone(CLEO)
  const bridge = await new BridgeProcess(simulator, agent).start()
  await bridge.link(simulator)
  const notify = (op_name: string, data: object) =>
    simulator.call('POST', `/phones/${CLEO}/stanzas`, {
      stanza: {
        tag: 'notification',
        attrs: { from: 's.whatsapp.net', type: 'mex' },
        content: [{ tag: 'update', attrs: { op_name }, content: JSON.stringify({ data }) }],
      },
    })
  const timeLock = (lock: object) =>
    notify('NotificationUserReachoutTimelockUpdate', { xwa2_notify_account_reachout_timelock: lock })
  const restriction = (wanted: boolean) =>
    until(`restricted: ${wanted}`, async () => {
      const health = await bridge.health()
      return Boolean(health.restriction) === wanted ? health : undefined
    })
  await timeLock({ is_active: true, time_enforcement_ends: '4102444800', enforcement_type: 'BIZ_QUALITY' })
  const locked = await restriction(true)
  assert.equal(locked.state, 'connected')
  assert.match(
    locked.message,
    /^Connected to WhatsApp\. WhatsApp does not let this number write to new people until 2100-01-01 00:00 UTC/,
  )
  const open = (await (await fetch(`${bridge.url}/health`)).json()) as { message: string }
  assert.equal(open.message, locked.message)
  await timeLock({ is_active: false })
  assert.equal((await restriction(false)).message, 'Connected to WhatsApp.')
  await notify('MessageCappingInfoNotification', {
    xwa2_notify_new_chat_messages_capping_info_update: { total_quota: 10, used_quota: 10 },
  })
  assert.match((await restriction(true)).message, /as many new chats as WhatsApp lets it/)
  await bridge.kill('SIGTERM')
})
