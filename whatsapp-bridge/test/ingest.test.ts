import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { proto, type WAMessage } from 'baileys'
import { AuthStore } from '../src/account/auth-store.ts'
import { Spool } from '../src/agent/spool.ts'
import { Counters } from '../src/counters.ts'
import { Ingest } from '../src/inbound/ingest.ts'
import { Journal } from '../src/inbound/journal.ts'
import { MediaStore } from '../src/inbound/media-store.ts'
import { openLog } from '../src/log.ts'
import { Database } from '../src/store/database.ts'
import { cleanUp, temporaryDirectory, until } from './rig.ts'

after(cleanUp)

/** The real parts between journal and agent; only the agent is a list. */
function line() {
  const directory = temporaryDirectory()
  const database = new Database(directory)
  const journal = new Journal(database)
  const auth = new AuthStore(database, journal, join(directory, 'bridge.db'))
  auth.creds.me = { id: '15550000000:1@s.whatsapp.net', lid: '99:1@lid' }
  auth.creds.account = {}
  const log = openLog('silent')
  const delivered: string[] = []
  const spool = new Spool(
    database,
    async ({ event }) => {
      delivered.push(event.text ?? event.kind ?? '')
      return { kind: 'accepted' }
    },
    log,
  )
  const media = new MediaStore(database)
  const ingest = new Ingest({ database, journal, spool, media, auth, counters: new Counters(), log })
  return { journal, ingest, spool, delivered }
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
  const { journal, ingest, spool } = line()
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
  const { journal, ingest, spool, delivered } = line()
  ingest.accept([undecryptable('LOST'), undecryptable('FOUND'), undecryptable('LOST')])
  assert.equal(spool.size, 0, 'the retry may still bring it')
  journal.write('f', row('FOUND', { conversation: 'found' }, 1))
  ingest.drain()
  ingest.reportUndecryptable(Date.now() + LATER)
  assert.equal(spool.size, 2)
  spool.start()
  await until('both', () => delivered.length >= 2)
  assert.deepEqual(delivered, ['found', 'undecryptable'])
})

test('the same id from one author is one event, from two authors it is two', () => {
  const { journal, ingest, spool } = line()
  journal.write('1', row('SAME', { conversation: 'x' }, 1))
  journal.write('2', row('SAME', { conversation: 'y' }, 2))
  const other = row('SAME', { conversation: 'z' }, 3)
  journal.write('3', { ...other, attrs: { ...other.attrs, from: '15557654321@s.whatsapp.net' } })
  ingest.drain()
  assert.equal(spool.size, 2)
})
