import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { BufferJSON, initAuthCreds } from 'baileys'
import { AuthStore } from '../src/account/auth-store.ts'
import { Spool } from '../src/agent/spool.ts'
import type { DeadLetters } from '../src/contract.ts'
import { DataError } from '../src/errors.ts'
import { Journal } from '../src/inbound/journal.ts'
import { MediaStore } from '../src/inbound/media-store.ts'
import { Outbox } from '../src/outbound/outbox.ts'
import { AccountRows } from '../src/store/account-rows.ts'
import { Database } from '../src/store/database.ts'
import {
  Agent,
  ANN,
  ANN_JID,
  BridgeProcess,
  type Bubble,
  CLEO,
  cleanUp,
  linkedSystem,
  Simulator,
  temporaryDirectory,
  until,
} from './harness.ts'

after(cleanUp)

const FIXTURE = readFileSync(new URL('./fixtures/database-1.sql', import.meta.url), 'utf8')

/** A data directory as the bridge left it when its database had no accounts. @param more statements to run on it. */
function firstVersion(more = ''): string {
  const data = temporaryDirectory()
  chmodSync(data, 0o700)
  const db = new DatabaseSync(join(data, 'bridge.db'))
  db.exec(FIXTURE)
  const creds = JSON.stringify(initAuthCreds(), BufferJSON.replacer)
  db.prepare(`insert into kv(type, id, value) values('creds', 'me', ?)`).run(creds)
  db.exec(more)
  db.close()
  return data
}

/** All rows of a database, by table, without their account. */
function contents(path: string): Record<string, unknown[]> {
  const db = new DatabaseSync(path)
  const tables = db
    .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite%'`)
    .all()
  const entries = tables.map(({ name }) => {
    const rows = db.prepare(`select * from ${name}`).all()
    return [name, rows.map(({ account, ...row }) => JSON.stringify(Object.entries(row).sort())).sort()]
  })
  db.close()
  return Object.fromEntries(entries)
}

test('a database of before has all its rows afterwards, as those of the account “default”', () => {
  const data = firstVersion()
  const path = join(data, 'bridge.db')
  const before = contents(path)
  const database = new Database(data)
  const rows = new AccountRows(database)
  const journal = new Journal(rows)
  assert.deepEqual(
    journal.pending(10).map(({ key }) => key),
    ['7'],
  )
  assert.equal(journal.find('1')?.attrs.id, 'A1')
  assert.equal(new AuthStore(rows, journal).phoneOf('219876543210987'), '15551234567')
  assert.equal(new Outbox(rows).find('3EB0EFA7506F4F4E2EB0BB')?.code, 463)
  assert.equal(new MediaStore(rows).find('aa577451c4528befb604ce86e6d98455')?.key.id, 'B1')
  const spool = new Spool(rows)
  assert.deepEqual([spool.size, spool.deadLetterCount, spool.chats().length], [4, 1, 2])
  const other = new Spool(new AccountRows(database, 'second'))
  assert.deepEqual([other.size, other.deadLetterCount, other.chats()], [0, 0, []])
  database.close()

  const { kv, kv_unlinked, suspects, ...same } = before
  const added = { secrets: [], facts: [], other_addresses: [] }
  const renamed = { auth: kv, auth_unlinked: kv_unlinked, undecryptable: suspects }
  assert.deepEqual(contents(path), { ...same, ...renamed, ...added })
  const again = new Database(data)
  const later = new Spool(new AccountRows(again))
  later.add({ from: 'new@lid', messageId: 'N1', timestamp: 1 })
  assert.equal(later.head('new@lid')?.seq, 10, 'a number is never used twice')
  again.close()
})

test('a bridge that starts on it delivers what was undelivered, and knows what it had sent', async () => {
  const [simulator, agent] = await Promise.all([Simulator.start(), Agent.start()])
  const bridge = await new BridgeProcess(simulator, agent, {}, firstVersion()).start()
  await until('the events', () => agent.events.length >= 4)
  const delivered = (from: string) => agent.events.filter((event) => event.from === from)
  assert.deepEqual(
    delivered(ANN_JID).map(({ seq, text }) => [seq, text]),
    [
      [2, 'first undelivered'],
      [4, 'second undelivered'],
      [6, 'only in the journal'],
    ],
  )
  const [picture] = delivered('15557654321@s.whatsapp.net')
  assert.deepEqual(
    [picture?.seq, picture?.media?.url],
    [3, `${bridge.url}/media/aa577451c4528befb604ce86e6d98455`],
  )
  const { deadLetters } = await bridge.get<DeadLetters>('/dead-letters')
  assert.deepEqual(
    deadLetters.map(({ seq, status }) => [seq, status]),
    [[5, 422]],
  )
  const sent = await bridge.post('/send', { to: ANN, text: 'sent before' }, 'acked-key')
  assert.deepEqual(
    [sent.status, sent.body],
    [200, { messageId: '3EB00CBAFAD05F9C54D474', timestamp: 1_785_000_002_000, repeated: true }],
  )
  assert.equal((await bridge.post('/send', { to: ANN, text: 'another' }, 'acked-key')).status, 409)
  const reaction = { to: ANN, messageId: 'A1', emoji: '👍' }
  const refused = await bridge.post('/react', reaction, 'refused-key')
  assert.deepEqual([refused.status, refused.body.code], [422, 463])
  await bridge.kill('SIGTERM')
})

/** Bring a database of today back to what the first version would have written. */
const BACKWARDS = `
drop table secrets; drop table facts; drop table other_addresses;
create table kv(type text, id text, value text not null, primary key(type, id)) without rowid;
insert into kv select type, id, value from auth; drop table auth;
create table kv_unlinked(at integer, type text, id text, value text); drop table auth_unlinked;
create table suspects(key text primary key, event text not null, due integer not null) without rowid;
insert into suspects select key, event, due from undecryptable; drop table undecryptable;
drop index spool_chat; alter table spool drop column account; create index spool_chat on spool(chat, seq);
alter table dead_letters drop column account;
${[
  ['journal', 'key text primary key, arrival, attrs, plain, done, at'],
  ['seen', 'key text primary key, id, raw, at'],
  ['media', 'id text primary key, message, key, at'],
  ['outbox', 'id text primary key, key text unique, hash, jid, message, state, code, timestamp, at'],
]
  .map(([table, columns = '']) => {
    const names = columns.replaceAll(/ text( primary key| unique)/g, '')
    return `create table ${table}_1(${columns}) without rowid; insert into ${table}_1 select ${names} from ${table};
            drop table ${table}; alter table ${table}_1 rename to ${table};`
  })
  .join('\n')}
create index journal_open on journal(arrival) where done = 0; create index seen_id on seen(id);
pragma user_version = 1;
`

test('a linked number stays linked, in the same sessions, and nothing is sent twice', async () => {
  const { simulator, agent, bridge } = await linkedSystem()
  await simulator.send(ANN, { to: CLEO, text: 'before' })
  await agent.text('before')
  const sent = await bridge.post('/send', { to: ANN, text: 'sent once' }, 'across')
  await agent.close()
  await simulator.send(ANN, { to: CLEO, text: 'undelivered' })
  await simulator.ledger(20_000)
  assert.ok(((await bridge.health()).spool ?? 0) > 0)
  await bridge.kill()
  const db = new DatabaseSync(join(bridge.data, 'bridge.db'))
  db.exec(BACKWARDS)
  db.close()
  await agent.listen()
  await bridge.start()
  await bridge.connected()
  assert.equal((await bridge.health()).account, `${CLEO}@s.whatsapp.net`)
  await simulator.send(ANN, { to: CLEO, text: 'after' })
  await agent.text('after')
  const texts = agent.events.flatMap(({ text }) => text ?? [])
  assert.deepEqual(texts, ['before', 'undelivered', 'after'])
  const again = await bridge.post('/send', { to: ANN, text: 'sent once' }, 'across')
  assert.deepEqual(again.body, { ...sent.body, repeated: true })
  const bubbles = await simulator.call<Bubble[]>('GET', `/phones/${ANN}/messages`)
  assert.equal(bubbles.filter(({ text }) => text === 'sent once').length, 1)
  const retried = (await simulator.ledger()).filter(({ retries }) => retries > 0)
  assert.deepEqual(retried, [], 'asked for again')
})

test('what cannot be brought forward is refused in words, and left as it was', () => {
  for (const [more, words] of [
    ['drop table outbox', /is of version 1 and cannot be brought to version 3: .*Nothing was changed/],
    ['pragma user_version = 99', /written by a later version of the bridge \(99\); this one reads 3/],
    ['pragma user_version = 0', /is damaged: it is no database of the bridge/],
  ] as const) {
    const data = firstVersion(more)
    const path = join(data, 'bridge.db')
    const before = contents(path)
    assert.throws(
      () => new Database(data),
      (error) => error instanceof DataError && words.test(error.message),
      more,
    )
    assert.deepEqual(contents(path), before, more)
  }
})
