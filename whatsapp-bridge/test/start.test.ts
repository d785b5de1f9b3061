import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import {
  ANN,
  ANN_JID,
  BridgeProcess,
  CLEO,
  cleanUp,
  linkedSystem,
  temporaryDirectory,
  until,
} from './harness.ts'

after(cleanUp)
const { simulator, agent, bridge } = await linkedSystem()

/** Start a bridge that must refuse. @returns its exit code and what it said. */
async function refusal(
  env: Record<string, string>,
  data?: string,
): Promise<{ code: number | null; words: string }> {
  const refused = new BridgeProcess(simulator, agent, env, data)
  refused.spawn()
  const code = await refused.exit()
  return { code, words: refused.stderr }
}

test('a setting that is wrong is named, with an example that works', async () => {
  const wrong = [
    [{ WHATSAPP_BRIDGE_HOST: '0.0.0.0', WHATSAPP_WEBHOOK_SECRET: '' }, /WHATSAPP_WEBHOOK_SECRET/],
    [{ WHATSAPP_BRIDGE_PORT: '99999' }, /WHATSAPP_BRIDGE_PORT .*3001/],
    [{ CLEO_API_URL: 'localhost:8000' }, /CLEO_API_URL .*http:\/\/127\.0\.0\.1:8000/],
    [{ WHATSAPP_PHONE: '0151 1234' }, /WHATSAPP_PHONE .*\+49/],
    [{ WHATSAPP_WEB_VERSION: 'new' }, /WHATSAPP_WEB_VERSION .*2\.3000/],
    [
      { WHATSAPP_WEBHOOK_SECRET: '', WHATSAPP_WEBHOOK_SECRET_FILE: '/nonexistent' },
      /WHATSAPP_WEBHOOK_SECRET_FILE/,
    ],
  ] as const
  const said = await Promise.all(wrong.map(([env]) => refusal(env)))
  for (const [index, { code, words }] of said.entries()) {
    assert.equal(code, 78)
    assert.match(words, wrong[index]?.[1] ?? /never/)
    assert.ok(!words.includes('    at '), 'a stack trace is not for people')
  }
})

test('the directory belongs to its owner alone, and to one bridge at a time', async () => {
  assert.equal(statSync(bridge.data).mode & 0o777, 0o700)
  for (const name of readdirSync(bridge.data))
    assert.equal(statSync(join(bridge.data, name)).mode & 0o077, 0, `${name} is readable for others`)
  const second = await refusal({}, bridge.data)
  assert.equal(second.code, 78)
  assert.match(second.words, /Another whatsapp-bridge already works in/)
  assert.equal((await bridge.health()).state, 'connected')
})

test('a taken port is said in words', async () => {
  const { code, words } = await refusal({ WHATSAPP_BRIDGE_PORT: new URL(bridge.url).port })
  assert.equal(code, 78)
  assert.match(words, /WHATSAPP_BRIDGE_PORT is already in use/)
})

test('a damaged database is refused, left as it is, and never becomes a new identity', async () => {
  await bridge.kill()
  const source = join(bridge.data, 'bridge.db')
  const whole = new DatabaseSync(source)
  whole.exec('pragma wal_checkpoint(truncate)')
  whole.close()
  const size = statSync(source).size
  const damages: Record<string, (path: string) => void> = {
    'cut in half': (path) => truncateSync(path, size / 2),
    'cut to nothing': (path) => truncateSync(path, 0),
    'not a database': (path) => writeFileSync(path, 'x'.repeat(10_000)),
    'credentials cut': (path) => {
      const db = new DatabaseSync(path)
      db.exec(`update auth set value = substr(value, 1, 100) where type = 'creds'`)
      db.close()
    },
    'credentials empty': (path) => {
      const db = new DatabaseSync(path)
      db.exec(`update auth set value = '{}' where type = 'creds'`)
      db.close()
    },
    'credentials gone': (path) => {
      const db = new DatabaseSync(path)
      db.exec(`delete from auth where type = 'creds'`)
      db.close()
    },
  }
  const check = async ([name, damage]: [string, (path: string) => void]) => {
    const data = temporaryDirectory()
    chmodSync(data, 0o700)
    const path = join(data, 'bridge.db')
    copyFileSync(source, path)
    damage(path)
    const before = readFileSync(path)
    const { code, words } = await refusal({}, data)
    assert.equal(code, 78, name)
    assert.match(words, /is damaged: .*no new WhatsApp identity was made.*backup/s, name)
    assert.ok(readFileSync(path).equals(before), `${name}: the evidence was changed`)
  }
  await Promise.all(Object.entries(damages).map(check))
  const data = temporaryDirectory()
  writeFileSync(join(data, 'bridge.db-wal'), 'left over')
  assert.match((await refusal({}, data)).words, /the file is gone/)
  await bridge.start()
  await bridge.connected()
})

test('SIGTERM lets a send under way finish; a supervised bridge ends with its supervisor', async () => {
  await simulator.fault({
    on: 'out',
    do: 'delay',
    ms: 700,
    match: { tag: 'ack', class: 'message' },
    overtake: true,
  })
  const sending = bridge.post('/send', { to: ANN_JID, text: 'last words' })
  await simulator.bubble(ANN, ({ text }) => text === 'last words')
  const ended = bridge.kill('SIGTERM')
  assert.equal((await sending).status, 200)
  assert.equal(await ended, 0)

  const supervised = new BridgeProcess(simulator, agent, { CLEO_SUPERVISED: '1' }, bridge.data)
  await supervised.start()
  await supervised.connected()
  supervised.closeInput()
  assert.equal(await supervised.exit(), 0)
})

test('a disk that is full: no receipt goes out, health says so, and nothing is lost when there is room again', async () => {
  await bridge.start()
  await bridge.connected()
  // the bridge's own writer is refused, as a full disk would: another writer holds the database
  const blocker = new DatabaseSync(join(bridge.data, 'bridge.db'))
  blocker.exec('begin immediate')
  const message = await simulator.send(ANN, { to: CLEO, text: 'while the disk was full' })
  await until(
    'the complaint',
    () => bridge.lines.find((line) => String(line.message).includes('cannot write its database')),
    20_000,
  )
  const ledger = await simulator.ledger()
  const state = ledger.find(({ id }) => id === message)?.state
  assert.equal(state, 'queued')
  blocker.exec('rollback')
  blocker.close()
  await agent.text('while the disk was full')
})
