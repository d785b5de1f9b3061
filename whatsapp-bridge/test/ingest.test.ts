import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { proto, type WAMessage } from 'baileys'
import { AuthStore } from '../src/account/auth-store.ts'
import { Deliverer } from '../src/agent/deliver.ts'
import { Spool } from '../src/agent/spool.ts'
import { Counters } from '../src/counters.ts'
import { Ingest } from '../src/inbound/ingest.ts'
import { Journal } from '../src/inbound/journal.ts'
import { MediaStore } from '../src/inbound/media-store.ts'
import { openLog } from '../src/log.ts'
import { Outbox } from '../src/outbound/outbox.ts'
import { AccountRows } from '../src/store/account-rows.ts'
import { Database } from '../src/store/database.ts'
import { cleanUp, temporaryDirectory, until } from './harness.ts'

after(cleanUp)

/** The real parts between journal and agent, for one account; only the agent is a list. */
function pipeline(database = new Database(temporaryDirectory()), account?: string) {
  const rows = new AccountRows(database, account)
  const journal = new Journal(rows)
  const auth = new AuthStore(rows, journal)
  auth.creds.me = { id: '15550000000:1@s.whatsapp.net', lid: '99:1@lid' }
  auth.creds.account = {}
  const log = openLog('silent')
  const delivered: string[] = []
  const spool = new Spool(rows)
  const deliverer = new Deliverer(
    spool,
    async ({ event }) => {
      delivered.push(event.text ?? event.kind ?? '')
      return { kind: 'accepted' }
    },
    log,
  )
  const media = new MediaStore(rows)
  const outbox = new Outbox(rows)
  const counters = new Counters()
  const ingest = new Ingest({ rows, journal, spool, deliverer, media, outbox, auth, counters, log })
  return { journal, ingest, spool, deliverer, delivered, auth, outbox }
}

const FROM = '15551234567@s.whatsapp.net'
const row = (id: string, message: proto.IMessage | Buffer, arrival: number) => ({
  attrs: { from: FROM, id, t: '1785000000' },
  arrival,
  plain: Buffer.isBuffer(message)
    ? message
    : Buffer.concat([proto.Message.encode(message).finish(), Buffer.from([1])]),
})

const undecryptable = (id: string): WAMessage => ({
  key: { remoteJid: FROM, id, fromMe: false },
  messageTimestamp: 1_785_000_000,
  messageStubType: proto.WebMessageInfo.StubType.CIPHERTEXT,
})

const LATER = 10 * 60_000

test('a row whose bytes are no message is an event without content; its neighbours go on in wire order', () => {
  const { journal, ingest, spool } = pipeline()
  journal.write('c', row('C', { conversation: 'third' }, 3))
  journal.write('a', row('A', { conversation: 'first' }, 1))
  journal.write('b', row('B', Buffer.from('ffffffffffffffff01', 'hex'), 2))
  ingest.drain()
  assert.equal(spool.size, 3)
  assert.equal(journal.pending(10).length, 0)
  ingest.drain()
  assert.equal(spool.size, 3, 'draining again adds nothing')
})

test('what stays undecryptable is told later; what arrives after all is not', async () => {
  const { journal, ingest, spool, deliverer, delivered } = pipeline()
  ingest.accept([undecryptable('LOST'), undecryptable('FOUND'), undecryptable('LOST')])
  assert.equal(spool.size, 0, 'the retry may still bring it')
  journal.write('f', row('FOUND', { conversation: 'found' }, 1))
  ingest.drain()
  ingest.reportUndecryptable(Date.now() + LATER)
  assert.equal(spool.size, 2)
  deliverer.start()
  await until('both', () => delivered.length >= 2)
  assert.deepEqual(delivered, ['found', 'undecryptable'])
})

test('the same id from one author is one event, from two authors it is two', () => {
  const { journal, ingest, spool } = pipeline()
  journal.write('1', row('SAME', { conversation: 'x' }, 1))
  journal.write('2', row('SAME', { conversation: 'y' }, 2))
  const other = row('SAME', { conversation: 'z' }, 3)
  journal.write('3', { ...other, attrs: { ...other.attrs, from: '15557654321@s.whatsapp.net' } })
  ingest.drain()
  assert.equal(spool.size, 2)
})

test('two accounts in one database see only what is theirs', async () => {
  const database = new Database(temporaryDirectory())
  const [first, second] = [pipeline(database), pipeline(database, 'second')]
  for (const { journal, ingest, auth, outbox } of [first, second]) {
    journal.write('1', row('SAME', { conversation: 'the same id' }, 1))
    ingest.drain()
    ingest.accept([undecryptable('LOST')])
    outbox.write('key', { id: 'OUT', jid: FROM, hash: 'h', message: {} })
    auth.save()
  }
  assert.deepEqual([first.spool.size, second.spool.size], [1, 1])
  first.outbox.settle('OUT', 'acked', 1, undefined)
  first.auth.resetIdentity()
  first.spool.reject({ seq: 1, event: first.spool.head(FROM)?.event ?? never(), media: undefined }, 422, 'no')
  first.ingest.reportUndecryptable(Date.now() + LATER)
  assert.equal(second.outbox.find('OUT')?.state, 'sending')
  assert.deepEqual([first.spool.deadLetterCount, second.spool.deadLetterCount], [1, 0])
  assert.deepEqual([first.spool.size, second.spool.size], [1, 1])
  const read = (account: string) => {
    const rows = new AccountRows(database, account)
    return new AuthStore(rows, new Journal(rows)).creds.registrationId
  }
  assert.equal(read('second'), second.auth.creds.registrationId)
  assert.equal(read('default'), first.auth.creds.registrationId)
  second.deliverer.start()
  await until('the delivery', () => second.delivered.length)
  assert.deepEqual([first.delivered, second.delivered], [[], ['the same id']])
})

test('a statement that forgets the account is refused', () => {
  const rows = new AccountRows(new Database(temporaryDirectory()))
  assert.throws(() => rows.all('select * from spool'), /account/)
})

const never = (): never => assert.fail('there is no event')
