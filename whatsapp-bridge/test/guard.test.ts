import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import type { HealthAnswer } from '../src/contract.ts'
import { Agent, BridgeProcess, cleanUp, SECRET, Simulator } from './harness.ts'

after(cleanUp)
const simulator = await Simulator.start()
const agent = await Agent.start()
const bridge = await new BridgeProcess(simulator, agent).start()
const port = Number(new URL(bridge.url).port)

/** Write raw bytes and gives the status line of the answer. */
async function raw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text)
  let answer = ''
  for await (const part of socket) {
    answer += part
    if (answer.includes('\r\n\r\n')) break
  }
  socket.destroy()
  return answer
}

function withHeaders(
  method: string,
  path: string,
  headers: Record<string, string | string[]>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', method, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    call.on('error', reject)
    call.end()
  })
}

const ENDPOINTS = [
  ['GET', '/link'],
  ['POST', '/link'],
  ['POST', '/unlink'],
  ['POST', '/send'],
  ['POST', '/send-media'],
  ['POST', '/react'],
  ['POST', '/typing'],
  ['POST', '/read'],
  ['GET', '/media/x'],
  ['GET', '/dead-letters'],
  ['GET', '/openapi.json'],
  ['GET', '/nothing'],
  ['DELETE', '/health'],
] as const

test('without the secret, or with a wrong one, everything but GET /health is 403', async () => {
  const wrong = ['', `${SECRET} x`, SECRET.slice(1), SECRET.toUpperCase(), 'é'.repeat(SECRET.length)]
  for (const [method, path] of ENDPOINTS) {
    assert.equal(await withHeaders(method, path, {}), 403, `${method} ${path}`)
    for (const secret of wrong)
      assert.equal(await withHeaders(method, path, { 'x-webhook-secret': secret }), 403)
    assert.equal(
      await withHeaders(method, path, { 'x-webhook-secret': [SECRET, 'other'] }),
      403,
      'given twice',
    )
  }
  assert.equal(await withHeaders('GET', '/health', {}), 200)
  assert.equal(await withHeaders('GET', '/dead-letters?secret=x', { 'x-webhook-secret': SECRET }), 200)
})

test('the secret is checked before the body is read, and the connection is closed', async () => {
  const answer = await raw(
    'POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 67108864\r\n\r\n{"to":',
  )
  assert.match(answer, /^HTTP\/1\.1 403 /)
  assert.match(answer, /connection: close/i)
})

test('a web page is refused: a foreign Origin or Host, whatever else it sends', async () => {
  const secret = { 'x-webhook-secret': SECRET }
  assert.equal(await withHeaders('GET', '/health', { origin: 'https://evil.example' }), 403)
  assert.equal(await withHeaders('POST', '/send', { ...secret, origin: 'null' }), 403)
  assert.equal(await withHeaders('GET', '/health', { host: `evil.example:${port}` }), 403)
  assert.equal(await withHeaders('GET', '/health', { host: `localhost:${port}` }), 200)
})

test('a web socket is opened for nobody', async () => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  const secret = { 'x-webhook-secret': SECRET }
  for (const path of ['/', '/ws', '/link', '/health']) {
    const page = { ...upgrade, ...key, ...secret, origin: 'https://evil.example' }
    assert.equal(await withHeaders('GET', path, page), 403, path)
    assert.notEqual(await withHeaders('GET', path, { ...upgrade, ...key, ...secret }), 101, path)
  }
})

test('bad input is 4xx with a word and a sentence, never 5xx', async () => {
  const json = { 'content-type': 'application/json' }
  const cases: [string, RequestInit, number][] = [
    ['/send', { body: '{"to":"+491511234567","text":"x"}', headers: { 'content-type': 'text/plain' } }, 415],
    ['/send', { body: '{}', headers: { ...json, 'content-encoding': 'gzip' } }, 415],
    ['/send', { body: '{"to":', headers: json }, 400],
    ['/send', { body: Buffer.from([0x22, 0xff, 0x22]), headers: json }, 400],
    ['/send', { body: '['.repeat(100_000), headers: json }, 400],
    ['/send', { body: '[]', headers: json }, 422],
    ['/send', { body: 'null', headers: json }, 422],
    ['/send', { body: '{"to":1,"text":"x"}', headers: json }, 422],
    ['/send', { body: '{"to":"+491511234567","text":""}', headers: json }, 422],
    [
      '/send',
      { body: JSON.stringify({ to: '+491511234567', text: 'x'.repeat(70_000) }), headers: json },
      422,
    ],
    ['/send', { body: 'x'.repeat(2_000_000), headers: json }, 413],
    [
      '/send',
      { body: '{"to":"+491511234567","text":"x"}', headers: { ...json, 'idempotency-key': 'a b' } },
      400,
    ],
    ['/react', { body: '{"to":"+491511234567","messageId":"../x","emoji":"x"}', headers: json }, 422],
    ['/read', { body: '{"to":"+491511234567","messageIds":[]}', headers: json }, 422],
    ['/typing', { body: '{"to":"+491511234567","state":"dancing"}', headers: json }, 422],
    ['/link', { body: '{"phone":"hello"}', headers: json }, 422],
    ['/send-media', { body: '{"to":"+491511234567"}', headers: json }, 422],
    ['/send-media', { body: '{"to":"+491511234567","url":"/etc/passwd"}', headers: json }, 422],
    ['/send-media', { body: '{"to":"+491511234567","url":"file:///etc/passwd"}', headers: json }, 422],
    ['/send-media', { body: 'x', headers: { 'content-type': 'multipart/form-data' } }, 415],
    ['/send-media', { body: 'x', headers: { 'content-type': 'multipart/form-data; boundary=b' } }, 400],
    [
      '/send-media',
      { body: '--b\r\n\r\nx\r\n--b--', headers: { 'content-type': 'multipart/form-data; boundary=b' } },
      400,
    ],
    ['/nothing', { body: '{}', headers: json }, 404],
    ['/health', { body: '{}', headers: json }, 405],
  ]
  for (const [path, init, status] of cases) {
    const response = await bridge.fetch('POST', path, init)
    const body = (await response.json()) as { error?: string; message?: string }
    assert.equal(
      response.status,
      status,
      `${path} ${JSON.stringify(init.body)?.slice(0, 80)}: ${body.message}`,
    )
    assert.ok(body.error && body.message && /[.:]$|\.$/.test(body.message), body.message)
  }
})

test('the bridge proves that it knows the secret without showing it', async () => {
  const challenge = 'a-nonce-of-the-agent'
  const answer = await fetch(`${bridge.url}/health`, { headers: { 'x-bridge-challenge': challenge } })
  const { proof } = (await answer.json()) as HealthAnswer
  assert.equal(proof, createHmac('sha256', SECRET).update(`cleo-bridge-health:${challenge}`).digest('hex'))
})

test('the contract is published as OpenAPI with every endpoint', async () => {
  const api = await bridge.get<{ paths: Record<string, object>; components: { schemas: object } }>(
    '/openapi.json',
  )
  for (const path of [
    '/health',
    '/link',
    '/unlink',
    '/send',
    '/send-media',
    '/react',
    '/typing',
    '/read',
    '/dead-letters',
  ])
    assert.ok(api.paths[path], path)
  for (const reference of JSON.stringify(api).matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok((reference[1] ?? '') in api.components.schemas, reference[1])
})

test('without a secret it listens on this machine only and is open there', async () => {
  const open = await new BridgeProcess(simulator, agent, { WHATSAPP_WEBHOOK_SECRET: '' }).start()
  assert.match(open.url, /^http:\/\/127\.0\.0\.1:/)
  const health = (await (await fetch(`${open.url}/health`)).json()) as HealthAnswer
  assert.equal(health.spool, 0)
  const page = await fetch(`${open.url}/send`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'text/plain' },
  })
  assert.equal(page.status, 415)
})

for (const head of ['', 'POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\n'])
  test(`connections that ask for nothing keep nobody out: ${head ? 'half a head' : 'silent ones'}`, async () => {
    const silent = Array.from({ length: 400 }, () => connect(port, '127.0.0.1'))
    for (const socket of silent) {
      socket.on('error', () => undefined)
      socket.write(head)
    }
    for (let turn = 0; turn < 5; turn++)
      assert.equal(await withHeaders('GET', '/dead-letters', { 'x-webhook-secret': SECRET }), 200)
    for (const socket of silent) socket.destroy()
  })
