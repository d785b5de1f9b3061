import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeadLetters } from '../src/contract.ts'
import { ANN, BOB, CLEO, cleanUp, linkedSystem, until } from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()

const texts = (prefix: string) => agent.events.flatMap(({ text }) => (text?.startsWith(prefix) ? [text] : []))
const reset = () => {
  agent.answer = () => 200
}

test('what the agent refuses for good goes to the dead letters, its neighbours go on', async () => {
  agent.answer = ({ text }) => (text === 'poison' ? 422 : 200)
  for (const text of ['a before', 'poison', 'a after']) await simulator.send(ANN, { to: CLEO, text })
  await agent.text('a after')
  assert.deepEqual(texts('a '), ['a before', 'a after'])
  const { deadLetters } = await bridge.get<DeadLetters>('/dead-letters')
  assert.deepEqual(
    deadLetters.map(({ status, event }) => [status, event.text]),
    [[422, 'poison']],
  )
  assert.equal((await bridge.health()).deadLetters, 1)
  reset()
})

test('a 503 with Retry-After is obeyed, and holds up its own chat only', async () => {
  let first = 0
  let second = 0
  agent.answer = ({ text }) => {
    if (text !== 'b slow') return 200
    if (first) second = Date.now()
    else first = Date.now()
    return second ? 200 : { status: 503, headers: { 'retry-after': '2' } }
  }
  for (const text of ['b slow', 'b next']) await simulator.send(ANN, { to: CLEO, text })
  await until('the first try', () => first)
  await simulator.send(BOB, { to: CLEO, text: 'other chat' })
  await agent.text('other chat')
  assert.equal(second, 0, 'the other chat did not wait')
  await agent.text('b next')
  assert.deepEqual(texts('b '), ['b slow', 'b next'])
  assert.ok(second - first >= 1900, `waited ${second - first} ms`)
  reset()
})

test('a redirect is a failure, is not followed, and the event stays', async () => {
  agent.answer = () => ({ status: 302, headers: { location: `${simulator.control}/state` } })
  await simulator.send(ANN, { to: CLEO, text: 'c redirected' })
  await until('the complaint', async () => (await bridge.health()).message.includes('CLEO_API_URL'))
  assert.equal((await bridge.health()).spool, 1)
  reset()
  await agent.text('c redirected')
})

test('403 stops loudly: one probe now and then, nothing is lost', async () => {
  agent.answer = () => 403
  const before = agent.requests
  for (let index = 0; index < 5; index += 1) await simulator.send(ANN, { to: CLEO, text: `d ${index}` })
  await until('the complaint', async () =>
    (await bridge.health()).message.includes('WHATSAPP_WEBHOOK_SECRET'),
  )
  await sleep(1500)
  assert.ok(agent.requests - before <= 2, `${agent.requests - before} requests`)
  assert.equal((await bridge.health()).spool, 5)
  reset()
  await bridge.restart()
  await agent.text('d 4')
  assert.deepEqual(texts('d '), ['d 0', 'd 1', 'd 2', 'd 3', 'd 4'])
})

test('a message that arrives without content is counted and does not stop the next one', async () => {
  await simulator.send(ANN, { to: CLEO, text: 'e absent', absent: true })
  await simulator.send(ANN, { to: CLEO, text: 'e after' })
  await agent.text('e after')
  await until('the count', async () => ((await bridge.health()).counters?.undecryptable ?? 0) > 0)
})
